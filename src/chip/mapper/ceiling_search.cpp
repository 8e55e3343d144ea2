#include "chip/mapper/ceiling_search.hpp"

#include <algorithm>

#include "chip/mapper/product_search.hpp"

namespace hwflow::chip {
namespace {

/// The best of the perfect factors of a problem with ceiling factors, found with at most half of
/// the limit; among the candidates of the latter.
Incumbent best_of_perfect(const SearchProblem& problem) {
  MapperOptions options = problem.options;
  options.factors = MapperOptions::Factors::perfect;
  if (options.max_evaluations) *options.max_evaluations = (*options.max_evaluations + 1) / 2;
  const MapSpace space(problem.layer, problem.accelerator, options.factors, options.axes);
  const BoundModel model(problem.layer, problem.accelerator, space);
  SearchProblem perfect{problem.layer, problem.accelerator, options, space,
                        model,         problem.stop,        {},      problem.to_beat};
  for (const Candidate& start : problem.starts)
    if (const auto same = space.from_mapping(problem.space.to_mapping(start)))
      perfect.starts.push_back(*same);
  if (perfect.starts.empty()) {
    const auto first =
        find_feasible(problem.layer, problem.accelerator, space, model, problem.stop);
    if (!first.candidate) return {};
    perfect.starts.push_back(*first.candidate);
  }
  Incumbent found = run_products(perfect).incumbent;
  if (found.best) found.best = problem.space.from_mapping(space.to_mapping(*found.best));
  return found;
}

}  // namespace

SearchOutcome run_ceiling(const SearchProblem& problem) {
  const Incumbent perfect = best_of_perfect(problem);
  MapperOptions rest = problem.options;
  if (rest.max_evaluations)
    *rest.max_evaluations = std::max<std::int64_t>(1, *rest.max_evaluations - perfect.spent());
  SearchProblem wider{problem.layer, problem.accelerator, rest,           problem.space,
                      problem.model, problem.stop,        problem.starts, problem.to_beat};
  if (perfect.best) wider.starts.push_back(*perfect.best);
  SearchOutcome outcome = problem.accelerator.fields().counting.box_tiles
                              ? run_product_search(wider)
                              : run_branch_and_bound(wider);
  outcome.incumbent.evaluations += perfect.evaluations;
  outcome.incumbent.nodes += perfect.nodes;
  return outcome;
}

}  // namespace hwflow::chip
