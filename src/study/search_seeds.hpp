#pragma once

#include <cstddef>
#include <vector>

#include "pareto/archive.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Single steps away from the widest plan, and plans along a greedy path made from them: how many
/// at most.
struct SeedCounts {
  std::size_t steps = 0, path = 0;
};
[[nodiscard]] SeedCounts count_seeds(const SearchOptions& options, const PlanSpace& space);

/// Measures them, when options.sensitivity_seeds: the steps, and when the budget allowed for all of
/// them the path. Then known_genomes() has them.
void measure_seeds(SearchLedger& ledger, const SearchOptions& options);

/// The single steps of space() with their objectives, harm first; none when the budget does not
/// allow for all of them or the run has ended.
struct Sensitivities {
  pareto::Objectives widest;
  std::vector<pareto::Objectives> steps;  ///< as single_steps()
};
[[nodiscard]] std::optional<Sensitivities> measure_steps(SearchLedger& ledger,
                                                         const SearchOptions& options);

}  // namespace hwflow::study
