#include "chip/mapping/mapping.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "tests/chip/mapping/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::small_convolution;
using samples::two_levels;

/// A mapping of small_convolution() (k6 c5 p7 q10 r3 s3) that is right in every respect.
Mapping good_mapping() {
  Mapping mapping;
  mapping.levels.resize(2);
  mapping.levels[0].temporal = {{Dim::k, 2}, {Dim::p, 3}};
  mapping.levels[1].temporal = {{Dim::c, 5}, {Dim::p, 3}, {Dim::q, 3}, {Dim::r, 3}};
  mapping.levels[1].spatial_x = {{Dim::q, 4}};
  mapping.levels[1].spatial_y = {{Dim::k, 3}};
  mapping.levels[1].temporal.push_back({Dim::s, 3});
  return mapping;
}

std::int64_t at(const DimArray& tile, Dim dim) { return tile[index(dim)]; }

TEST(TileSizes, RoundUpAtEveryLoop) {
  const TileSizes sizes = tile_sizes(small_convolution(), good_mapping());
  EXPECT_EQ(at(sizes.below_temporal[0], Dim::k), 3);   // 6 / 2
  EXPECT_EQ(at(sizes.below_temporal[0], Dim::p), 3);   // ceil(7 / 3): tiles of 3, 3 and 1 rows
  EXPECT_EQ(at(sizes.below_temporal[0], Dim::q), 10);  // no loop yet
  EXPECT_EQ(sizes.below_spatial[0], sizes.below_temporal[0]);
  EXPECT_EQ(at(sizes.below_temporal[1], Dim::q), 4);  // ceil(10 / 3): 4, 4 and 2 columns
  EXPECT_EQ(at(sizes.below_temporal[1], Dim::k), 3);
  EXPECT_EQ(sizes.below_spatial[1], kOnes);
}

/// Walks one dimension as the header says: a loop of bound b over t elements makes tiles of
/// ceil(t/b), the last one smaller.
struct Walk {
  std::vector<std::int64_t> bounds;
  std::vector<std::int64_t> largest;  ///< tile seen below each loop
  std::vector<int> visits;            ///< of each element

  void run(std::size_t loop, std::int64_t begin, std::int64_t end) {
    if (loop == bounds.size()) {
      for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      return;
    }
    const std::int64_t length = end - begin;
    const std::int64_t step = (length + bounds[loop] - 1) / bounds[loop];
    for (std::int64_t tile = begin; tile < end; tile += step) {
      const std::int64_t stop = std::min(tile + step, end);
      largest[loop] = std::max(largest[loop], stop - tile);
      run(loop + 1, tile, stop);
    }
  }
};

RC_GTEST_PROP(TileSizes, AreTheLargestTilesOfAWalkThatVisitsEveryElementOnce, ()) {
  const auto size = *rc::gen::inRange<std::int64_t>(1, 200);
  const auto bounds =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 9));
  const Layer layer{"fc", make_fully_connected(1, 1, size).value(), {}};
  Mapping mapping;
  for (const std::int64_t bound : bounds) {
    mapping.levels.push_back({{{Dim::k, bound}}, {}, {}});
  }
  Walk walk{bounds, std::vector<std::int64_t>(bounds.size(), 0),
            std::vector<int>(static_cast<std::size_t>(size), 0)};
  walk.run(0, 0, size);
  const TileSizes sizes = tile_sizes(layer, mapping);
  for (std::size_t l = 0; l < bounds.size(); ++l) {
    RC_ASSERT(at(sizes.below_temporal[l], Dim::k) == walk.largest[l]);
  }
  for (const int visits : walk.visits) RC_ASSERT(visits == 1);
}

TEST(Check, AcceptsAGoodMapping) {
  EXPECT_EQ(to_text(check(good_mapping(), small_convolution(), two_levels())), "");
}

TEST(Check, RefusesEachFaultWithItsPlace) {
  struct Refusal {
    std::function<void(Mapping&)> spoil;
    std::string message;
  };
  const std::vector<Refusal> refusals{
      {[](Mapping& m) { m.levels.pop_back(); },
       "mapping: has loops for 1 levels, 'two-levels' has 2\n"},
      {[](Mapping& m) { m.levels[0].temporal[1].bound = 0; },
       "DRAM.temporal[1]: the bound of loop 'p' must be >= 1, got 0\n"},
      {[](Mapping& m) { m.levels[0].temporal[1].bound = std::int64_t{1} << 60; },
       "DRAM.temporal[1]: the bound of loop 'p' must be <= 2^53, got 1152921504606846976\n"},
      {[](Mapping& m) {
         m.levels[1].spatial_x.push_back({Dim::c, 2});
       },
       "GLB.spatial_x: spreads tiles over 8 columns, the mesh has 4\n"},
      {[](Mapping& m) { m.levels[1].spatial_y.front().bound = 4; },
       "GLB.spatial_y: spreads tiles over 4 rows, the mesh has 3\n"},
      {[](Mapping& m) {
         m.levels[0].spatial_x = {{Dim::k, 2}};
       },
       "DRAM.spatial_x: spreads tiles over 2 columns, the mesh has 1\n"},
      {[](Mapping& m) { m.levels[1].temporal.erase(m.levels[1].temporal.begin()); },
       "dimension c: the loops leave tiles of 5 elements to the MACs; the layer has 5, so their "
       "bounds must multiply to at least that many\n"},
      {[](Mapping& m) {
         m.levels[0].temporal.clear();
         m.levels[1].spatial_x.front().bound = 5;
       },
       "GLB.spatial_x: spreads tiles over 5 columns, the mesh has 4\n"
       "dimension k: the loops leave tiles of 2 elements to the MACs; the layer has 6, so their "
       "bounds must multiply to at least that many\n"
       "dimension p: the loops leave tiles of 3 elements to the MACs; the layer has 7, so their "
       "bounds must multiply to at least that many\n"},
  };
  for (const Refusal& refusal : refusals) {
    Mapping mapping = good_mapping();
    refusal.spoil(mapping);
    EXPECT_EQ(to_text(check(mapping, small_convolution(), two_levels())), refusal.message);
  }
}

TEST(Check, RefusesDimensionsThatTheAcceleratorDoesNotAllow) {
  Accelerator::Fields fields = two_levels().fields();
  fields.levels[0].temporal_dims = {Dim::p, Dim::q};
  fields.levels[1].fanout.x_dims = {Dim::k};
  fields.levels[1].fanout.y_dims = {Dim::k};
  const Accelerator strict = Accelerator::make(fields).value();
  EXPECT_EQ(to_text(check(good_mapping(), small_convolution(), strict)),
            "DRAM.temporal[0]: the accelerator allows no loop over 'k' here (allowed: p q)\n"
            "GLB.spatial_x[0]: the accelerator allows no loop over 'q' here (allowed: k)\n");
}

/// Bounds whose product is beyond 64 bits must not wrap round to something small.
TEST(Check, HugeSpatialProductsAreRefused) {
  Mapping mapping = good_mapping();
  mapping.levels[1].spatial_x.assign(3, {Dim::k, std::int64_t{1} << 40});
  EXPECT_NE(to_text(check(mapping, small_convolution(), two_levels())).find("the mesh has 4"),
            std::string::npos);
}

}  // namespace
}  // namespace hwflow::chip
