#include "chip/arch/accelerator_file.hpp"

#include <gtest/gtest.h>

#include "chip/arch/accelerator_format.hpp"
#include "tests/chip/arch/file_samples.hpp"

namespace hwflow::chip {
namespace {

using samples::changed;
using samples::message;
using samples::Refusal;

TEST(ParseAccelerator, ReadsAFile) {
  const Accelerator accelerator = parse_accelerator(samples::kGoodFile, "a.yaml").value();
  ASSERT_EQ(accelerator.levels().size(), 3u);
  EXPECT_EQ(accelerator.name(), "small");
  EXPECT_EQ(accelerator.fields().technology, "normalised");
  EXPECT_DOUBLE_EQ(accelerator.levels()[0].read_energy_pj_per_bit, 200.0 / 16);
  EXPECT_DOUBLE_EQ(accelerator.levels()[1].write_energy_pj_per_bit, 6.0 / 16);
  const Fanout& fanout = accelerator.levels()[1].fanout;
  EXPECT_EQ(fanout.instances(), 12);
  EXPECT_EQ(fanout.x_dims, (std::vector<Dim>{Dim::k, Dim::q}));
  EXPECT_DOUBLE_EQ(fanout.hop_energy_pj_per_bit, 2.0 / 16);
  EXPECT_EQ(accelerator.levels()[2].keeps, (RoleSet{{true, false, false}}));
  EXPECT_DOUBLE_EQ(accelerator.engine().mac_energy_pj_at(8, 8), 0.25);
}

TEST(ParseAccelerator, RefusesWrongKeysAndValues) {
  const std::vector<Refusal> refusals{
      {"schema: 1\n", "schema: 2\n",
       "a.yaml:1: schema: must be 1, got 2 (this is the version of the file format that we "
       "read)\n"},
      {"clock_mhz: 100", "clock: 100",
       "a.yaml:5: clock: unknown key (did you mean 'clock_mhz'?)\n"},
      {"clock_mhz: 100", "clock_mhz: 0", "a.yaml:5: clock_mhz: must be >= 0.001, got 0\n"},
      {"keeps: [inputs, outputs]", "keeps: [inputs, output]",
       "a.yaml:9: levels[1].keeps[1]: must be one of weights, inputs, outputs, got 'output' (did "
       "you mean 'outputs'?)\n"},
      {"keeps: [inputs, outputs]", "keeps: []",
       "a.yaml:9: levels[1].keeps: a level must keep at least one role\n"},
      {"capacity_bits: 8192", "capacity_bits: -8",
       "a.yaml:10: levels[1].capacity_bits: must be >= 1, got -8\n"},
      {"    capacity_bits: 8192\n", "",
       "a.yaml:8: levels[1]: needs capacity_bits (or unlimited: true)\n"},
      {"capacity_bits: 8192", "capacity_bits: 8192\n    unlimited: true",
       "a.yaml:8: levels[1]: is unlimited and has capacity_bits\n"},
      {"x_dims: [k, q]", "x_dims: [k, m]",
       "a.yaml:12: levels[1].fanout.x_dims[1]: must be one of n, k, c, p, q, r, s, g, got 'm'\n"},
      {"x: 4", "x: 0", "a.yaml:12: levels[1].fanout.x: must be >= 1, got 0\n"},
      {"name: RF", "name: GLB", "a.yaml:13: levels[2].name: 'GLB' is also the name of levels[1]\n"},
      {"kind: bit_parallel", "kind: bitparallel",
       "a.yaml:14: engine.kind: must be one of bit_parallel, vectorised, bit_serial, got "
       "'bitparallel' (did you mean 'bit_parallel'?)\n"},
      {"width_bits: 16", "width_bits: 8",
       "a.yaml:14: engine.reference_weight_bits: the engine cannot compute its own reference "
       "widths "
       "16 x 16\n"},
      {"capacity_bits: 64", "capacity_bits: 64, shared_port: true",
       "a.yaml:13: levels[2].shared_port: needs read_bandwidth_bits_per_cycle\n"},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(message(changed(refusal.from, refusal.to)), refusal.message);
  }
}

TEST(ParseAccelerator, ReportsProblemsOfSeveralKindsAtOnce) {
  std::string text = changed("energy: glb\n", "energy: gbl\n");
  text.replace(text.find("name: RF"), 8, "name: GLB");
  text.replace(text.find("    capacity_bits: 8192\n"), 24, "");
  EXPECT_EQ(message(text),
            "a.yaml:8: levels[1]: needs capacity_bits (or unlimited: true)\n"
            "a.yaml:10: levels[1].energy: energy table 'eyeriss-isca16' has no entry 'gbl' of this "
            "kind (did you mean 'glb'?)\n"
            "a.yaml:12: levels[2].name: 'GLB' is also the name of levels[1]\n");
}

TEST(LoadAccelerator, RefusesUnknownNamesAndFiles) {
  const auto text = [](const std::string& name) { return to_text(load_accelerator(name).error()); };
  EXPECT_EQ(text("eyeris"),
            "eyeris: is no built-in accelerator (a file is named with its .yaml) (did you mean "
            "'eyeriss'?)\n");
  EXPECT_EQ(text("no/such.yaml"), "no/such.yaml: there is no such file\n");
}

TEST(LoadAccelerator, SettingsChangeTheFile) {
  const std::vector<std::string> settings{"levels[1].capacity_bits=65536", "engine.width_bits=32",
                                          "name='other'"};
  const Accelerator changed = load_accelerator("eyeriss", settings).value();
  Accelerator::Fields expected = load_accelerator("eyeriss").value().fields();
  expected.name = "other";
  expected.levels[1].capacity_bits = 65536;
  expected.engine.kind = BitParallelEngine{32};
  EXPECT_EQ(changed.fields(), expected);
  EXPECT_EQ(load_accelerator("eyeriss", std::vector<std::string>{}).value(),
            load_accelerator("eyeriss").value());
}

TEST(LoadAccelerator, ProblemsOfSettingsAreNamedByThem) {
  const auto problems = [](const std::vector<std::string>& settings) {
    const auto refused = load_accelerator("eyeriss", settings);
    return refused ? std::string("none") : to_text(refused.error());
  };
  EXPECT_EQ(problems({"levels[1].capacity_bits=-8"}),
            "--set levels[1].capacity_bits=-8: must be >= 1, got -8\n");
  EXPECT_EQ(problems({"levels[7].word_bits=8", "clock_mhz"}),
            "--set levels[7].word_bits=8: levels has 5 elements, so there is no [7]\n"
            "--set clock_mhz: has no '=' (write key=value, as in search.generations=20)\n");
  EXPECT_EQ(problems({"levels[1].energy=glb"}).find("--set levels[1].energy=glb: "), 0U);
}

}  // namespace
}  // namespace hwflow::chip
