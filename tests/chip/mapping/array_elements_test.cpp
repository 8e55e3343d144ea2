#include "chip/mapping/array_elements.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.hpp"
#include "tests/chip/cost/random_case.hpp"
#include "tests/support/walked_loops.hpp"

namespace hwflow::chip {
namespace {

using Place = std::pair<std::int64_t, std::int64_t>;  // x, y

/// Which iterations of a layer each element runs, by walking every loop of the mapping.
std::map<Place, std::set<DimArray>> walk(const Layer& layer, const Mapping& mapping,
                                         const Accelerator& accelerator) {
  const auto loops = testing::walked_loops(layer, mapping);
  std::map<Place, std::set<DimArray>> iterations;
  std::vector<std::int64_t> at(loops.size(), 0);
  for (;;) {
    DimArray index{}, room = layer.op.bounds();
    bool exists = true;
    for (std::size_t i = 0; i < loops.size(); ++i) {
      std::int64_t& left = room[hwflow::index(loops[i].dim)];
      index[hwflow::index(loops[i].dim)] += at[i] * loops[i].tile;
      left -= at[i] * loops[i].tile;
      exists = exists && left > 0;
      left = std::min(left, loops[i].tile);
    }
    if (exists) {
      std::int64_t x = 0, y = 0;
      for (std::size_t l = 0; l < mapping.levels.size(); ++l) {
        const Fanout& fanout = accelerator.levels()[l].fanout;
        // Loops of a level were walked rows first, then columns, each from the slowest on.
        std::int64_t here_x = 0, here_y = 0;
        std::size_t spatial = 0;
        for (std::size_t i = 0; i < loops.size(); ++i) {
          if (!loops[i].spatial || loops[i].level != l) continue;
          std::int64_t& here = spatial++ < mapping.levels[l].spatial_y.size() ? here_y : here_x;
          here = here * loops[i].bound + at[i];
        }
        x = x * fanout.x + here_x;
        y = y * fanout.y + here_y;
      }
      iterations[{x, y}].insert(index);
    }
    std::size_t i = loops.size();
    while (i-- > 0) {
      if (++at[i] < loops[i].bound) break;
      at[i] = 0;
    }
    if (i == static_cast<std::size_t>(-1)) return iterations;
  }
}

std::set<DimArray> combinations(const UnitIndices& indices) {
  std::set<DimArray> all{DimArray{}};
  for (std::size_t d = 0; d < kDimCount; ++d) {
    std::set<DimArray> longer;
    for (DimArray each : all)
      for (const std::int64_t i : indices[d]) {
        each[d] = i;
        longer.insert(each);
      }
    all = std::move(longer);
  }
  return all;
}

struct Drawn {
  std::string text;
  Layer layer;
  Mapping mapping;
  Accelerator accelerator;
};
/// None: the draw is no mapping.
std::optional<Drawn> draw(std::uint64_t stream, std::uint64_t seed) {
  Rng rng = Rng::derive(stream, seed);
  const testing::RandomCase drawn = testing::make_case(rng);
  const auto layer = drawn.layer();
  const auto accelerator = drawn.accelerator();
  if (!layer || !accelerator || !drawn.mapping.level_order.empty() ||
      !check(drawn.mapping, *layer, *accelerator).empty())
    return std::nullopt;
  return Drawn{testing::describe(drawn), *layer, drawn.mapping, *accelerator};
}

TEST(UnitIndices, EqualTheIterationsThatEachElementWalks) {
  int compared = 0, spread = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const std::optional<Drawn> drawn = draw(17, seed);
    if (!drawn) continue;
    const auto& [text, layer, mapping, accelerator] = *drawn;
    const auto walked = walk(layer, mapping, accelerator);
    const ArraySize size = array_size(accelerator);
    ASSERT_LE(size.x * size.y, 100000);
    ++compared;
    spread += walked.size() > 1 ? 1 : 0;
    for (std::int64_t x = 0; x < size.x; ++x)
      for (std::int64_t y = 0; y < size.y; ++y) {
        const auto own = walked.find({x, y});
        const std::set<DimArray> expected =
            own == walked.end() ? std::set<DimArray>{} : own->second;
        ASSERT_EQ(combinations(unit_indices(layer, mapping, accelerator, {x, y})), expected)
            << text << " x " << x << " y " << y;
      }
  }
  EXPECT_GT(compared, 200);
  EXPECT_GT(spread, 50);
}

/// A row is its elements together; no place named is the whole array.
TEST(UnitIndices, RowsColumnsAndTheWholeAreTheirElements) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::optional<Drawn> drawn = draw(18, seed);
    if (!drawn) continue;
    const auto& [text, layer, mapping, accelerator] = *drawn;
    const ArraySize size = array_size(accelerator);
    std::set<DimArray> all;
    for (std::int64_t y = 0; y < size.y; ++y) {
      std::set<DimArray> row;
      for (std::int64_t x = 0; x < size.x; ++x)
        row.merge(combinations(unit_indices(layer, mapping, accelerator, {x, y})));
      EXPECT_EQ(combinations(unit_indices(layer, mapping, accelerator, {std::nullopt, y})), row);
      all.merge(row);
    }
    EXPECT_EQ(combinations(unit_indices(layer, mapping, accelerator, {})), all);
    std::int64_t iterations = 1;
    for (const std::int64_t bound : layer.op.bounds()) iterations *= bound;
    EXPECT_EQ(std::ssize(all), iterations);
  }
}

}  // namespace
}  // namespace hwflow::chip
