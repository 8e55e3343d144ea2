#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "chip/mapping/mapping.hpp"
#include "tests/chip/mapping/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::two_levels;

TEST(MappingText, WritesOneLine) {
  Mapping mapping;
  mapping.levels.resize(2);
  mapping.levels[0].temporal = {{Dim::k, 4}, {Dim::p, 2}};
  mapping.levels[1].temporal = {{Dim::c, 8}};
  mapping.levels[1].spatial_x = {{Dim::q, 14}};
  mapping.levels[1].spatial_y = {{Dim::r, 3}, {Dim::c, 4}};
  EXPECT_EQ(to_text(mapping, two_levels()), "DRAM: k4 p2 | GLB: c8 ; x q14 y r3 c4");
  EXPECT_EQ(to_text(Mapping{{{}, {}}}, two_levels()), "DRAM: | GLB:");
}

TEST(MappingText, ReadsFreeSpacing) {
  const Mapping mapping =
      mapping_from_text("  DRAM:k4   p2|GLB :\n ;y r3 x q14", two_levels()).value();
  Mapping expected;
  expected.levels.resize(2);
  expected.levels[0].temporal = {{Dim::k, 4}, {Dim::p, 2}};
  expected.levels[1].spatial_x = {{Dim::q, 14}};
  expected.levels[1].spatial_y = {{Dim::r, 3}};
  EXPECT_EQ(mapping, expected);
}

rc::Gen<std::vector<Loop>> loops() {
  return rc::gen::container<std::vector<Loop>>(
      rc::gen::map(rc::gen::pair(rc::gen::elementOf(std::vector<Dim>(kDims.begin(), kDims.end())),
                                 rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 50)),
                   [](const auto& pair) {
                     return Loop{pair.first, pair.second};
                   }));
}

RC_GTEST_PROP(MappingText, ParsesBackToTheSameMapping, ()) {
  Mapping mapping;
  for (int l = 0; l < 2; ++l) mapping.levels.push_back({*loops(), *loops(), *loops()});
  const auto read = mapping_from_text(to_text(mapping, two_levels()), two_levels());
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == mapping);
}

/// Whatever the text, the parser answers with a mapping or with problems.
RC_GTEST_PROP(MappingText, NeverBreaksOnAnyText, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("DRAMGLB:;|kxy 0123456789-\n")));
  const auto read = mapping_from_text(text, two_levels());
  RC_ASSERT(read.has_value() || !read.error().empty());
}

TEST(MappingText, RefusesWithAllProblemsAtOnce) {
  const auto message = [](const std::string& text) {
    const auto read = mapping_from_text(text, two_levels());
    return read ? std::string("accepted") : to_text(read.error());
  };
  const std::string hint = " (a loop is one of n k c p q r s g and a bound >= 1, such as k4)\n";
  EXPECT_EQ(message("DRAM: k4"), "mapping: GLB: level missing (write 'GLB:')\n");
  EXPECT_EQ(message("DRAM: | GBL: k2"),
            "mapping: GBL: 'two-levels' has no such level (did you mean 'GLB'?)\n"
            "mapping: GLB: level missing (write 'GLB:')\n");
  EXPECT_EQ(message("GLB: | DRAM:"), "mapping: DRAM: must stand before 'GLB'\n");
  EXPECT_EQ(message("DRAM: | GLB: | GLB:"), "mapping: GLB: level given twice\n");
  EXPECT_EQ(message("DRAM: m4 k0 k-1 k2x k | GLB:"),
            "mapping: DRAM: 'm4' is no loop" + hint + "mapping: DRAM: 'k0' is no loop" + hint +
                "mapping: DRAM: 'k-1' is no loop" + hint + "mapping: DRAM: 'k2x' is no loop" +
                hint + "mapping: DRAM: 'k' is no loop" + hint);
  EXPECT_EQ(message("DRAM: k99999999999999999999 | GLB:"),
            "mapping: DRAM: 'k99999999999999999999' is no loop" + hint);
  EXPECT_EQ(message("DRAM: | GLB: k2 ; q4"),
            "mapping: GLB: spatial loop 'q4' without an axis (write 'x' or 'y' before it)\n");
  EXPECT_EQ(message("DRAM: | GLB: ; x q4 ; y k2"), "mapping: GLB: more than one ';'\n");
  EXPECT_EQ(message("DRAM k4 | GLB:"),
            "mapping: 'DRAM k4': expected 'LEVEL: loops'\n"
            "mapping: DRAM: level missing (write 'DRAM:')\n");
}

}  // namespace
}  // namespace hwflow::chip
