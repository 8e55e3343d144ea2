// Witness: the classes of a convolution derived by hand.
#include "chip/mapper/loop_classes.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

/// DRAM and one buffer.
Accelerator two_levels() {
  Accelerator::Fields fields = testing::make_tiny_accelerator(1 << 14, 1 << 9).fields();
  fields.levels.pop_back();
  fields.levels[1].fanout = {};
  return *Accelerator::make(fields);
}

/// "operand: dimensions that bring its tiles round again / run", for every operand.
std::string describe(const LoopClass& loop_class) {
  std::string text;
  for (const BoundaryOrder& order : loop_class.boundaries) {
    for (const Dim dim : kDims)
      if (order.repeats[index(dim)] != 0) text += name(dim);
    text += '/';
    for (const LoopPlace& place : order.run) text += name(place.dim);
    text += ' ';
  }
  return text;
}

TEST(LoopClasses, AConvolutionHasTwelveAboveOneBuffer) {
  // Innermost at DRAM stand the loops that one tensor ignores: p q (weights), k (inputs) or c r s
  // (outputs; at least one of them must be the first that slides). Then the inputs slide along
  // rows (p, r) or columns (q, s); going on along the same axis costs the rest of what is ignored.
  const LoopClasses classes(testing::make_conv_layer(4, 4, 6, 3), two_levels());
  std::set<std::string> found;
  for (const LoopClass& each : classes.all()) found.insert(describe(each));
  // weights / inputs / outputs: what repeats them, and the run of the inputs.
  const std::set<std::string> expected{"/ k/p crs/ ",   "/ k/q crs/ ",   "q/ k/pr crs/ ",
                                       "p/ k/qs crs/ ", "pq/ /pr crs/ ", "pq/ /rp crs/ ",
                                       "pq/ /qs crs/ ", "pq/ /sq crs/ ", "pq/ k/r / ",
                                       "pq/ k/s / ",    "pq/ k/rp cs/ ", "pq/ k/sq cr/ "};
  EXPECT_EQ(found, expected);
}

TEST(LoopClasses, ADenseLayerHasOnePerTensor) {
  const auto op = make_fully_connected(4, 8, 16);
  ASSERT_TRUE(op);
  EXPECT_EQ(LoopClasses({"dense", *op, {}}, two_levels()).all().size(), 3u);
}

TEST(LoopClasses, LeavingDimensionsOutKeepsTilesInPlaceFurtherOut) {
  // With two levels above the register files, some class leaves k, c, r and s out of the inner one,
  // so that weights stay through both.
  const auto classes = LoopClasses(testing::make_conv_layer(4, 4, 6, 3),
                                   testing::make_tiny_accelerator(1 << 14, 512));
  const DimSet of_weights = set_of(Dim::k) | set_of(Dim::c) | set_of(Dim::r) | set_of(Dim::s);
  bool found = false;
  for (const LoopClass& each : classes.all()) found = found || each.absent[1] == of_weights;
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace hwflow::chip
