#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "pareto/nsga2.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Proposes plans of ledger.space() to the ledger until its work or the budget is done. The uniform
/// plans are measured already. Of `options`, population and generations are those of the level.
/// One object serves all levels of a search, and may remember the ones before.
using RunAlgorithm = std::function<void(SearchLedger& ledger, const SearchOptions& options)>;

/// One for each algorithm: a new one is a name of the enum, a file, and a line of this switch.
[[nodiscard]] RunAlgorithm make_algorithm(Algorithm algorithm);

/// Bred: the seeds of search_seeds(), or what an earlier level handed on, and their offspring.
void run_nsga2(SearchLedger& ledger, const SearchOptions& options);
/// Bred within search.budgets for accuracy alone (docs/search.md).
void run_evolution(SearchLedger& ledger, const SearchOptions& options);
/// The seeds of search_seeds(), then genomes drawn at random, all alike.
void run_random(SearchLedger& ledger, const SearchOptions& options);
/// Paths of narrowing from the widest plan, see study/greedy_search.
void run_greedy(SearchLedger& ledger, const SearchOptions& options);
/// The uniform plans of all pairs of widths; where channels are searched, with every share of them.
void run_uniform(SearchLedger& ledger, const SearchOptions& options);
/// The same, but channels go by their scores, whatever their group: 20 shares of all.
void run_magnitude(SearchLedger& ledger, const SearchOptions& options);

/// Population, operators, seed and oversampling of a search that breeds plans, whatever it ranks
/// them by.
[[nodiscard]] pareto::Nsga2Options breeding_options(const SearchOptions& options);

/// What a search is going to measure, for the progress line.
struct Outlook {
  std::int64_t total = 0;
  std::string note;
};
[[nodiscard]] Outlook outlook_of(const Study& study, const PlanSpace& space);

/// Distinct plans that NSGA-II would measure: the budget of algorithms that have no end of their
/// own, when the study names none.
[[nodiscard]] std::int64_t default_budget(const SearchOptions& options, std::int64_t seeds);

/// "coarse level, " where a study has several, else nothing: the beginning of a line of progress.
[[nodiscard]] std::string level_prefix(const SearchLedger& ledger, const SearchOptions& options);

/// How many plans each level of the study may have measured at its end, those of the levels before
/// it included; none: search.evaluations is not given.
///
/// Where the evaluations do not suffice for all that the levels want (seeds, and population times
/// generations), the uniform plans, which are always measured, come first, and every level gets the
/// same share of what it wants of the rest. Else a level measures what it wants, and the last one
/// what is left.
[[nodiscard]] std::vector<std::int64_t> level_budgets(const Study& study, const PlanSpace& space);

}  // namespace hwflow::study
