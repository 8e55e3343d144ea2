// Law: no mapping moves fewer bits to and from DRAM than its outermost loops say.
#include "chip/mapper/outer_traffic.hpp"

#include <gtest/gtest.h>

#include "chip/cost/cost.hpp"
#include "tests/chip/mapper/product_oracle.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

/// Every dimension in random loops; orders as the dimensions come, turned round at random.
std::optional<Candidate> random_candidate(Rng& rng, const MapSpace& space) {
  Candidate candidate = space.empty();
  for (const Dim dim : space.dims()) {
    const auto chains = space.chains(dim);
    if (chains.empty()) return std::nullopt;
    candidate.chains[index(dim)] = chains[rng.below(chains.size())];
  }
  for (LevelIndex level = 0; level < space.level_count(); ++level)
    for (std::size_t i = kDimCount; i > 1; --i)
      std::swap(candidate.orders[level][i - 1], candidate.orders[level][rng.below(i)]);
  return candidate;
}

TEST(OuterTraffic, IsNeverAboveWhatAMappingMoves) {
  int compared = 0, equal = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    Rng rng = Rng::derive(61, i);
    const testing::OraclePair pair = testing::make_oracle_pair(rng, 1'000'000);
    const auto problem = pair.problem();
    const MapSpace space(problem->layer, problem->accelerator, MapperOptions::Factors::perfect);
    OuterTraffic outer(problem->layer, problem->accelerator);
    for (int n = 0; n < 100; ++n) {
      const auto candidate = random_candidate(rng, space);
      if (!candidate || !space.fits_mesh(*candidate)) continue;
      const auto result =
          evaluate(problem->layer, problem->accelerator, space.to_mapping(*candidate));
      const auto* cost = std::get_if<Cost>(&result);
      if (cost == nullptr) continue;
      const double least = outer.least_bits(*candidate);
      if (pair.counting != Semantics::exact) {
        EXPECT_EQ(least, 0.0);
        continue;
      }
      ++compared;
      equal += least == static_cast<double>(cost->dram_bits) ? 1 : 0;
      ASSERT_LE(least, static_cast<double>(cost->dram_bits))
          << "case " << i << "\n"
          << testing::describe(pair) << to_text(space.to_mapping(*candidate), problem->accelerator);
    }
  }
  EXPECT_GT(compared, 2'000);
  EXPECT_GT(equal, compared / 20);
}

}  // namespace
}  // namespace hwflow::chip
