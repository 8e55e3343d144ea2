#include "chip/mapping/zigzag_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusals.hpp"

namespace hwflow::chip::zigzag {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::HasSubstr;

constexpr const char* kLayer = R"(
- id: 3
  operator_type: Conv
  equation: O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]
  dimension_relations: [ix=2*ox+1*fx, iy=2*oy+1*fy]
  loop_dims: [B, K, C, OY, OX, FY, FX]
  loop_sizes: [1, 8, 3, 5, 6, 3, 3]
  operand_precision: {W: 4, I: 8, O: 24, O_final: 8}
  operand_source: {I: 0, W: 0}
)";

std::string problems_of(const std::string& text) {
  const auto read = read_workload(Documents::parse(text, "wl.yaml").value());
  return read ? "accepted" : to_text(read.error());
}

TEST(ZigZagWorkload, EquationsAndWidthsAreRead) {
  const auto read = read_workload(Documents::parse(kLayer, "wl.yaml").value());
  ASSERT_TRUE(read) << to_text(read.error());
  const Layer& layer = read->layers[0].layer;
  EXPECT_EQ(layer.name, "layer3");
  EXPECT_EQ(layer.bits, (LayerBits{4, 8, 8, 24}));
  EXPECT_EQ(layer.op.macs(), 8 * 3 * 5 * 6 * 9);
  EXPECT_EQ(layer.op.operands()[1].elements(), 3 * (2 * 4 + 3) * (2 * 5 + 3));
  const ForeignText text = zigzag::write_layer(layer);
  EXPECT_EQ(to_text(text.losses), "");
  const auto back = read_workload(Documents::parse(text.text, "wl.yaml").value());
  ASSERT_TRUE(back) << to_text(back.error()) << text.text;
  EXPECT_EQ(shape_key(back->layers[0].layer), shape_key(layer));
}

TEST(ZigZagWorkload, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  ASSERT_EQ(problems_of(kLayer), "accepted");
  expect_refusals(
      kLayer, problems_of,
      {{"+=W", "=W", "is no sum of products"},
       {"[fy][fx]*I", "[fy][fx]+I", "is no sum of products"},
       {"[b][c][iy][ix]", "[b][c][iz][ix]", "'IZ' is none of the loop_dims"},
       {"ix=2*ox+1*fx", "ix:2*ox", "is none like ix=1*ox+1*fx"},
       {"loop_sizes: [1, 8", "loop_sizes: [8", "7 dimensions and 6 sizes"},
       {"loop_sizes: [1, 8", "loop_sizes: [0, 8", "must hold integers from 1"},
       {"W: 4, ", "", "must give W, I and O"},
       {"operand_source", "padding: [[1, 1]]\n  operand_source", "is cut off the tensor"},
       {"operand_source", "operand_suorce",
        "wl.yaml:9: [0].operand_suorce: is a key without a meaning"}});
}

}  // namespace
}  // namespace hwflow::chip::zigzag
