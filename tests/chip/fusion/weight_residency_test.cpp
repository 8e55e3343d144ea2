#include "chip/fusion/weight_residency.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

/// DRAM bits of a choice; none when it does not fit.
std::optional<std::int64_t> traffic(const std::vector<WeightTensor>& weights,
                                    const std::vector<bool>& resident, std::int64_t room) {
  std::int64_t held = 0, staging = 0, moved = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    moved += weights[i].bits * (resident[i] ? 1 : weights[i].times);
    if (resident[i])
      held += weights[i].bits;
    else
      staging = std::max(staging, weights[i].staging_bits);
  }
  if (held + staging > room) return std::nullopt;
  return moved;
}

TEST(ChooseResidents, EqualsTheBestOfAllSubsets) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng = Rng::derive(7, seed);
    std::vector<WeightTensor> weights;
    std::int64_t all = 0;
    for (std::int64_t n = rng.between(1, 6); n > 0; --n) {
      const std::int64_t bits = rng.between(0, 12);
      weights.push_back({bits, rng.between(0, bits), rng.between(1, 3)});
      all += bits;
    }
    const std::int64_t room = rng.between(0, all);
    std::optional<std::int64_t> least;
    for (std::uint64_t set = 0; set < std::uint64_t{1} << weights.size(); ++set) {
      std::vector<bool> resident;
      for (std::size_t i = 0; i < weights.size(); ++i) resident.push_back(((set >> i) & 1U) != 0);
      const auto moved = traffic(weights, resident, room);
      if (moved && (!least || *moved < *least)) least = moved;
    }
    const auto chosen = choose_residents(weights, room);
    ASSERT_EQ(chosen.has_value(), least.has_value()) << "seed " << seed;
    if (!chosen) continue;
    ASSERT_EQ(traffic(weights, *chosen, room), least) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hwflow::chip
