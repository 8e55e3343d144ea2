#include "chip/mapping/timeloop_mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusals.hpp"

namespace hwflow::chip::timeloop {
namespace {

using hwflow::testing::edited;
using hwflow::testing::expect_refusals;
using ::testing::HasSubstr;

constexpr const char* kMachine = R"(
architecture:
  version: 0.4
  nodes:
    - !Component {name: DRAM, class: DRAM}
    - !Component {name: buffer, class: SRAM, attributes: {entries: 1000}}
    - !Container {name: column, spatial: {meshX: 4}}
    - !Component
      name: through
      class: dummy_storage
      constraints: {dataspace: {bypass: [Weights, Inputs, Outputs]}}
    - !Container {name: PE, spatial: {meshX: 2, meshY: 3}}
    - !Component {name: spad, class: regfile, attributes: {entries: 100}}
    - !Component {name: mac, class: intmac}
)";
constexpr const char* kProblem =
    "problem: {shape: cnn-layer, C: 8, M: 12, R: 3, S: 1, P: 10, Q: 1}\n";

constexpr const char* kMapping = R"(
mapping:
  - {target: DRAM, type: temporal, factors: M=3 P=5, permutation: PM}
  - {target: buffer, type: temporal, factors: "C2 P2"}
  - {target: buffer, type: datatype, keep: [Inputs, Outputs], bypass: [Weights]}
  - {target: column, type: spatial, factors: [C=4], permutation: CMRSNPQ, split: 1}
  - {target: PE, type: spatial, factors: M=2 R=0, permutation: MR, split: 1}
  - {target: 0, type: temporal, factors: M=2, permutation: [M, C, R]}
)";

std::string read(const std::string& mapping) {
  const auto machine = read_accelerator(Documents::parse(kMachine, "arch.yaml").value());
  const auto layers =
      read_layers(Documents::parse(kProblem, "prob.yaml").value(), {16, 16, 16, 16});
  const auto mapped = read_mappings(Documents::parse(mapping, "map.yaml").value(),
                                    layers.value().layers, machine.value());
  if (!mapped) return to_text(mapped.error());
  EXPECT_TRUE(
      check(mapped->mappings[0].mapping, layers->layers[0].layer, mapped->accelerator).empty());
  std::string keeps;
  for (const MemoryLevel& level : mapped->accelerator.levels())
    for (const bool has : level.keeps.has) keeps += has ? '1' : '0';
  return to_text(mapped->mappings[0].mapping, mapped->accelerator) + " keeps " + keeps;
}

/// Loops from the innermost; columns of PE vary faster than those of the column of PEs above.
TEST(TimeloopMapping, EverySpellingGivesTheSameNest) {
  std::string text = kMapping;
  const std::string open = "factors: \"C2 P2\"";  // the order of two loops matters
  EXPECT_THAT(read(text), HasSubstr("leaves out C and P, whose order matters"));
  text.replace(text.find(open), open.size(), open + ", permutation: PC");
  EXPECT_EQ(read(text), "DRAM: k3 p5 | buffer: c2 p2 ; x k2 c4 y r3 | spad: k2 keeps 111011111");
}

std::string placed_problems_of(const std::string& mapping) {
  const std::string problems = read(mapping);
  EXPECT_THAT(problems, HasSubstr("map.yaml:")) << mapping;
  return problems;
}

TEST(TimeloopMapping, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  const std::string good = edited(kMapping, "\"C2 P2\"", "\"C2 P2\", permutation: PC");
  expect_refusals(
      good, placed_problems_of,
      {{"M=3 P=5", "M=3 P=4", "the factors of P multiply to 8, the layer has 10"},
       {"M=3 P=5", "M=3 P=5 X=1", "'X' is no dimension of the layer"},
       {"M=3 P=5", "M=3 P=5 P=1", "names P twice"},
       {"M=3 P=5", "M=three", "'M=three' is no list like C=4 M=2"},
       {"permutation: PM}", "permutation: PMP}", "permutation: names P twice"},
       {"permutation: PM}", "permutation: PX}", "'X' is no dimension of the layer"},
       {"target: DRAM", "target: DRMA", "has no level 'DRMA' (did you mean 'DRAM'?)"},
       {"target: 0", "target: 3", "no level 3: the machine has 3"},
       {"target: DRAM, type: temporal", "target: DRAM", "type: is missing"},
       {"type: temporal", "type: skew", "'skew' is not modelled"},
       {"target: DRAM", "targte: DRAM", "target: is missing"},
       {"target: DRAM, type: temporal", "target: DRAM, type: spatial",
        "there is no mesh below 'DRAM'"},
       {"R=0, permutation: MR, split: 1", "R=0, permutation: MR, split: 2",
        "spread over 6 columns, the mesh has 2"},
       {"split: 1}", "split: 1, no_link_transfer: [Inputs]}",
        "no_link_transfer: is a choice of counting"},
       {"split: 1}", "split: 1, no_multicast_no_reduction: [Inputs]}", "is not modelled"},
       {"keep: [Inputs, Outputs]", "keep: [Imputs]", "'Imputs' is no tensor of the layer"},
       {"target: 0", "target: through", "'through' keeps nothing: loops there"},
       {"target: 0", "target: buffer", "a second temporal directive for 'buffer'"},
       {"permutation: PM}", "permutaton: PM}",
        "mapping[0].permutaton: is a key without a meaning here (did you mean "
        "'permutation'?)"}});
  EXPECT_THAT(read("mapping: {DRAM: 1}"), HasSubstr("must be a list of directives"));
}

TEST(TimeloopMapping, RestsAreReadWhereOnlyLastTilesAreSmaller) {
  std::string text = kMapping;
  text.replace(text.find("\"C2 P2\""), 7, "\"C2 P4,2\", permutation: PC");
  text.replace(text.find("M=3 P=5"), 7, "M=3 P=3");  // 4 + 4 + 2 rows
  EXPECT_THAT(read(text), HasSubstr("DRAM: k3 p3 | buffer: c2 p4"));
  text.replace(text.find("P4,2"), 4, "P8,2");  // 8 + 2 where ceil(10 / 2) = 5
  text.replace(text.find("M=3 P=3"), 7, "M=3 P=2");
  EXPECT_THAT(read(text), HasSubstr("the rests of P make tiles of 8 where equal parts have 5"));
}

TEST(TimeloopMapping, LevelsThatKeepNothingHereAreTakenOut) {
  std::string text = kMapping;
  text.replace(text.find("\"C2 P2\""), 7, "P=2");
  text.replace(text.find("M=2, permutation"), 16, "M=2 C=2, permutation");
  text.replace(text.find("M=3 P=5"), 7, "M=3 P=10");
  text.replace(text.find("P=2}"), 4, "P=1}");
  text.replace(text.find("keep: [Inputs, Outputs], bypass: [Weights]"), 42,
               "bypass: [Weights, Inputs, Outputs]");
  EXPECT_EQ(read(text), "DRAM: k3 p10 ; x k2 c4 y r3 | spad: c2 k2 keeps 111111");
}

TEST(TimeloopMapping, FactorsAreReadInEverySpelling) {
  const std::vector<Factor> expected{{"C", 4, std::nullopt}, {"M", 2, std::nullopt}};
  for (const char* text : {"C=4 M=2", "C4 M2", "C4M2", "C = 4, M = 2", " C=4,M=2 "})
    EXPECT_EQ(parse_factors(text), expected) << text;
  EXPECT_EQ(parse_factors("P=5,3"), (std::vector<Factor>{{"P", 5, 3}}));
  for (const char* text : {"C", "4", "C=-1", "C=4 #", "C=4,9", "C=99999999999"})
    EXPECT_FALSE(parse_factors(text)) << text;
}

TEST(TimeloopMapping, SeveralLoopsOfADimensionAtALevelAreNamedWhenWritten) {
  const auto machine = load_accelerator("e168").value();
  ConvShape shape;
  shape.in_channels = 4;
  shape.out_channels = 4;
  const Layer layer{"conv", *make_convolution(shape), {16, 16, 16, 16}};
  const auto mapping = mapping_from_text(
      "DRAM: k2 c4 k2 | GLB: | ifmap_spad: | weights_spad: | psum_spad:", machine);
  EXPECT_THAT(to_text(timeloop::write_mapping(*mapping, layer, machine).losses),
              HasSubstr("layer conv: DRAM: several temporal loops over M"));
}

}  // namespace
}  // namespace hwflow::chip::timeloop
