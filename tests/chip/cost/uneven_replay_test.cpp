// Witness: counts, energies and cycles that ZigZag and AccelForge gave for recorded mappings
// (tests/data/zigzag, tests/data/accelforge).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "chip/cost/cost.hpp"
#include "chip/cost/reference_check.hpp"
#include "chip/mapping/mapping_input.hpp"
#include "chip/mapping/reference_cases.hpp"

namespace hwflow::chip {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ReferenceCase> recorded(const std::string& tool) {
  const auto cases = load_reference_cases(std::string(std::getenv("HWFLOW_SOURCE_DIR")) +
                                          "/tests/data/" + tool + "/recorded.json");
  EXPECT_TRUE(cases) << to_text(cases.error());
  return cases.value();
}

std::vector<std::string> differences(const ReferenceCase& each, Semantics semantics) {
  const auto found = check_reference(each, semantics);
  if (!found) return {to_text(found.error())};
  std::vector<std::string> texts;
  for (const CountDifference& d : *found)
    texts.push_back(d.level + " " + d.tensor + " " + d.count + " " + std::to_string(d.expected) +
                    " " + std::to_string(d.got));
  return texts;
}

TEST(AccelForgeReplay, EveryRecordedCaseIsEqualInCountsEnergyAndLatency) {
  const auto cases = recorded("accelforge");
  EXPECT_EQ(cases.size(), 13U);
  for (const ReferenceCase& each : cases)
    EXPECT_THAT(differences(each, Semantics::accelforge), IsEmpty()) << each.id;
}

TEST(ZigZagReplay, CountsEnergyAndLatencyAreEqualWhereLoopsCoverTheLayer) {
  int evaluated = 0;
  for (const ReferenceCase& each : recorded("zigzag")) {
    if (each.id == "ZZ11_l1_auto_loma6_EDP") {
      // 64 channels over 10 columns: ZigZag turns 6.4 times.
      EXPECT_EQ(each.unsaid, "its loops over k multiply to 60, the layer has 64");
      continue;
    }
    ASSERT_TRUE(each.mapping) << each.id << each.unsaid;
    ++evaluated;
    if (each.id == "ZZ07_l4_rs_loma6") {
      // No loop stands at DRAM: ZigZag lets the last outputs leave in one cycle, not in 392.
      EXPECT_THAT(differences(each, Semantics::zigzag),
                  ElementsAre("total  cycles 1462336.000000 1462727.000000"));
    } else {
      EXPECT_THAT(differences(each, Semantics::zigzag), IsEmpty()) << each.id;
    }
  }
  EXPECT_EQ(evaluated, 6);
}

/// The rules differ: what one tool records is not what another counts.
TEST(ZigZagReplay, OtherSemanticsCountOtherNumbers) {
  const auto cases = recorded("zigzag");
  EXPECT_THAT(differences(cases.front(), Semantics::exact), ::testing::Not(IsEmpty()));
  EXPECT_THAT(differences(cases.front(), Semantics::timeloop), ::testing::Not(IsEmpty()));
  EXPECT_THAT(differences(recorded("accelforge").front(), Semantics::zigzag),
              ::testing::Not(IsEmpty()));
}

std::string data(const std::string& file) {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/tests/data/zigzag/" + file;
}

/// The same machines, layers and orders of loops as ZigZag's own files: which memory gets which
/// loops is worked out, and the recorded energy and latency follow.
TEST(ZigZagReplay, ItsFilesGiveTheRecordedEnergyAndLatency) {
  struct Case {
    const char* id;
    const char* machine;
    double energy_pj;
    std::int64_t cycles;
  };
  for (const auto& [id, machine_file, energy_pj, cycles] :
       {Case{"ZZ01_l1_rs_fixA", "e168.yaml", 2647269376.0, 703125},
        Case{"ZZ01_l1_rs_fixA", "e168bw.yaml", 2647269376.0, 2304990},  // recorded as ZZ03
        Case{"ZZ05_l1_rs_loma6_energy", "e168.yaml", 828116992.0, 918383},
        Case{"ZZ08_vggc32_rs_loma6", "e168.yaml", 17483841536.0, 12845294},
        Case{"ZZ10_l1_rs_loma7_EDP", "e168.yaml", 763345408.0, 803359}}) {
    SCOPED_TRACE(id);
    const auto machine = read_accelerator(data(machine_file));
    ASSERT_TRUE(machine) << to_text(machine.error());
    const auto layers =
        read_layers(Documents::load(data(std::string(id) + ".workload.yaml")).value(), {});
    ASSERT_TRUE(layers) << to_text(layers.error());
    const auto mapped = read_mappings(
        Documents::load(data(std::string(id) + ".mapping.yaml")).value(), layers->layers, *machine);
    ASSERT_TRUE(mapped) << to_text(mapped.error());
    const auto evaluation = evaluate(layers->layers.front().layer,
                                     with_semantics(mapped->accelerator, Semantics::zigzag),
                                     mapped->mappings.front().mapping);
    ASSERT_TRUE(std::holds_alternative<Cost>(evaluation));
    EXPECT_NEAR(std::get<Cost>(evaluation).energy_pj, energy_pj, 1e-9 * energy_pj);
    EXPECT_EQ(std::get<Cost>(evaluation).cycles, cycles);
  }
}

}  // namespace
}  // namespace hwflow::chip
