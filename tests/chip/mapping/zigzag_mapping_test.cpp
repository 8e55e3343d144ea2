#include "chip/mapping/zigzag_mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusals.hpp"

namespace hwflow::chip::zigzag {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::HasSubstr;

constexpr const char* kMapping = R"(
- name: conv
  spatial_mapping:
    D1: ["OX, 4"]
    D2: ["K, 3"]
  temporal_ordering:
    - [C, 4]
    - [K, "*"]
    - [OX, 2]
  memory_operand_links: {O: O, W: I2, I: I1}
)";

Layer make_layer() {
  ConvShape shape;
  shape.in_channels = 4;
  shape.out_channels = 6;
  shape.in_width = 8;
  return {"conv", *make_convolution(shape), {16, 16, 16, 16}};
}

Expected<MappingInput> read(const std::string& text, std::int64_t weight_words) {
  Accelerator::Fields fields = load_accelerator("e168").value().fields();
  for (MemoryLevel& level : fields.levels)
    if (level.name == "weights_spad") level.capacity_bits = 16 * weight_words;
  const AcceleratorInput machine{Accelerator::make(fields).value()};
  return read_mappings(
      Documents::parse(text, "map.yaml").value(),
      {LayerInput{make_layer(),
                  {{"K", Dim::k}, {"C", Dim::c}, {"OX", Dim::q}},
                  {{"W", Role::weights}, {"I", Role::inputs}, {"O", Role::outputs}}}},
      machine);
}

/// A unit keeps the 8 weights of its turns of C and K, or only the 4 of C when no more fit.
TEST(ZigZagMapping, MemoriesTakeTheLoopsThatFit) {
  const auto all = read(kMapping, 8);
  ASSERT_TRUE(all) << to_text(all.error());
  EXPECT_THAT(to_text(all->mappings[0].mapping, all->accelerator), HasSubstr("; x q4 y k3"));
  const auto tight = read(kMapping, 4);
  ASSERT_TRUE(tight) << to_text(tight.error());
  const auto& levels = tight->accelerator.levels();
  const auto& loops = tight->mappings[0].mapping.levels;
  std::string inside;  // what stands at and inside the weights' scratchpad
  bool seen = false;
  for (LevelIndex l = 0; l < levels.size(); ++l) {
    seen = seen || levels[l].name == "weights_spad";
    for (const Loop& loop : loops[l].temporal)
      if (seen) inside += std::string(name(loop.dim)) + std::to_string(loop.bound);
  }
  EXPECT_EQ(inside, "c4");
}

TEST(ZigZagMapping, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  expect_refusals(
      kMapping,
      [](const std::string& text) {
        const auto mapping = read(text, 8);
        return mapping ? std::string("accepted") : to_text(mapping.error());
      },
      {{"[C, 4]", "[C, 3]", "the loops over C multiply to 3, the layer has 4"},
       {"[C, 4]", "[X, 4]", "'X, 4' is no loop over a dimension"},
       {"[C, 4]", "[C]", "must hold pairs like [K, 4]"},
       {"OX, 4", "OX, 15", "spreads 15 units over D1 of 14"},
       {"OX, 4", "OX", "is none like 'K, 32'"},
       {"D2:", "D3:", "spatial_mapping.D3: is a key without a meaning here"},
       {"W: I2, I: I1", "W: I1, I: I2", "'W' is linked to I1"},
       {"name: conv", "name: other", "has no mapping, and there is no 'default'"},
       {"temporal_ordering:", "temporal_odering:", "the order of loops is left to ZigZag"},
       {"memory_operand_links", "spatial_mapping_hint: {D1: [K]}\n  memory_operand_links",
        "leaves loops to ZigZag's search"}});
}

TEST(ZigZagMapping, BoundariesThatZigZagSetsItselfAreNamedWhenWritten) {
  const auto machine = load_accelerator("e168").value();
  const auto mapping = mapping_from_text(
      "DRAM: c4 k6 q8 | GLB: | ifmap_spad: | weights_spad: | psum_spad:", machine);
  const ForeignText text = zigzag::write_mapping(*mapping, make_layer(), machine);
  EXPECT_THAT(to_text(text.losses), HasSubstr("ZigZag allocates loops itself"));
  EXPECT_THAT(text.text, HasSubstr("- [OX, 8]"));
}

}  // namespace
}  // namespace hwflow::chip::zigzag
