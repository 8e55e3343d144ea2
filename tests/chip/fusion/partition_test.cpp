#include "chip/fusion/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

double cheapest_cover(std::size_t from, std::size_t layers, PartCost sum,
                      const std::vector<PartOption>& options, PartitionGoal goal) {
  if (from == layers) return goal == PartitionGoal::sum ? sum.first : sum.first * sum.second;
  double least = std::numeric_limits<double>::max();
  for (const PartOption& option : options) {
    if (option.slice.first != from) continue;
    least = std::min(
        least, cheapest_cover(option.slice.last, layers,
                              {sum.first + option.cost.first, sum.second + option.cost.second},
                              options, goal));
  }
  return least;
}

TEST(CheapestPartition, EqualsTheBestOfAllCovers) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng = Rng::derive(3, seed);
    const auto layers = static_cast<std::size_t>(rng.between(1, 6));
    std::vector<PartOption> options;
    for (std::size_t first = 0; first < layers; ++first)
      for (std::size_t last = first + 1; last <= layers; ++last)
        for (std::int64_t n = rng.between(0, 2); n > 0; --n)
          options.push_back(
              {{first, last},
               {static_cast<double>(rng.between(1, 20)), static_cast<double>(rng.between(1, 20))}});
    for (const PartitionGoal goal : {PartitionGoal::sum, PartitionGoal::product}) {
      const Partition best = cheapest_partition(layers, options, goal);
      const double least = cheapest_cover(0, layers, {}, options, goal);
      ASSERT_EQ(best.options.empty(), least == std::numeric_limits<double>::max());
      if (best.options.empty()) continue;
      ASSERT_EQ(best.value, least) << "seed " << seed;
      std::size_t covered = 0;
      for (const std::size_t option : best.options) {
        ASSERT_EQ(options[option].slice.first, covered);
        covered = options[option].slice.last;
      }
      ASSERT_EQ(covered, layers);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
