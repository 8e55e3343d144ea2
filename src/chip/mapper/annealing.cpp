#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/parallel.hpp"
#include "chip/mapper/landscape.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {
namespace {

/// Successive halving: many short walks, then fewer and longer ones from the best of the last
/// stage, each stage with an equal share of the moves. Temperatures are in the log of the
/// objective.
struct Stage {
  std::size_t walks;
  double hot, cold;
};
constexpr std::array kStages{Stage{16, 1.0, 3e-3}, Stage{5, 0.15, 1e-3}, Stage{2, 0.08, 2e-4}};
constexpr std::int64_t kStopInterval = 256;  // moves between looks at the clock
constexpr double kInfeasible = std::numeric_limits<double>::infinity();

struct Walk {
  Candidate best;
  double best_height = kInfeasible;
  std::int64_t moves = 0;
};

Walk walk(const SearchProblem& problem, const Candidate& start, const Stage& stage,
          std::int64_t moves, double haste, Rng rng) {
  const Landscape landscape(problem, haste);
  const LoopMoves neighbours = moves_of(problem);
  Candidate at = start;
  double height = landscape.height(at);
  Walk result{at, height, 1};
  const double cooling =
      std::log(stage.cold / stage.hot) / static_cast<double>(std::max<std::int64_t>(1, moves));
  for (std::int64_t i = 0; i < moves; ++i) {
    if (i % kStopInterval == 0 && problem.stop.raised()) break;
    Candidate next = at;
    if (!neighbours.change(next, rng)) continue;
    ++result.moves;
    const double next_height = landscape.height(next);
    const double temperature = stage.hot * std::exp(cooling * static_cast<double>(i));
    if (next_height > height && rng.uniform() >= std::exp((height - next_height) / temperature)) {
      continue;
    }
    at = next;
    height = next_height;
    if (height < result.best_height) {
      result.best = at;
      result.best_height = height;
    }
  }
  if (haste > 0.0) result.best_height = Landscape(problem).height(result.best);
  return result;
}

/// Every second walk of the first stage is in haste when the objective is the EDP.
double haste_of(const SearchProblem& problem, const Stage& stage, std::size_t i) {
  const bool first = stage.walks == kStages.front().walks;
  if (!first || problem.options.objective != Objective::edp) return 0.0;
  return i % 2 == 0 ? 0.0 : static_cast<double>(1 + i % 4);
}

/// Takes improving neighbours by the true cost until `tries` in a row have failed.
void descend(const SearchProblem& problem, std::int64_t tries, Rng rng, Incumbent& incumbent) {
  const LoopMoves neighbours = moves_of(problem);
  if (!incumbent.best || !has_bounds(problem.accelerator)) return;  // the walks saw the true cost
  CandidateEvaluator fast(problem.layer, problem.accelerator, problem.space);
  for (std::int64_t i = 0; i < tries; ++i) {
    if (problem.stop.raised()) return;
    Candidate next = *incumbent.best;
    if (!neighbours.change(next, rng)) continue;
    if (!problem.space.fits_mesh(next) || problem.model.overflow(next, problem.model.all().levels))
      continue;
    ++incumbent.nodes;
    const double bound =
        value_of(problem.model.bound(next, problem.model.all()), problem.options.objective);
    if (incumbent.can_improve(bound)) incumbent.offer(problem, next, fast);
  }
}

}  // namespace

Incumbent anneal(const SearchProblem& problem, std::int64_t budget) {
  Incumbent incumbent;
  for (const Candidate& start : problem.starts) incumbent.offer(problem, start);
  if (problem.space.dims().empty() || budget <= incumbent.spent()) return incumbent;

  std::vector<Walk> walks;
  for (const Candidate& start : problem.starts) walks.push_back({start, kInfeasible, 0});
  std::uint64_t stream = 0;
  for (const Stage& stage : kStages) {
    const std::int64_t moves = budget * 3 / 10 / static_cast<std::int64_t>(stage.walks);
    std::vector<Walk> next(stage.walks);
    parallel_for(stage.walks, problem.options.threads, [&](std::size_t i) {
      next[i] = walk(problem, walks[i % walks.size()].best, stage, moves,
                     haste_of(problem, stage, i), Rng::derive(problem.options.seed, stream + i));
    });
    stream += stage.walks;
    walks = std::move(next);
    std::stable_sort(walks.begin(), walks.end(),
                     [](const Walk& a, const Walk& b) { return a.best_height < b.best_height; });
    for (const Walk& one : walks) Landscape(problem).charge(one.moves, incumbent);
    incumbent.offer(problem, walks.front().best);
  }
  descend(problem, budget / 20, Rng::derive(problem.options.seed, stream), incumbent);
  return incumbent;
}

SearchOutcome run_annealing(const SearchProblem& problem) {
  constexpr std::int64_t kDefaultBudget = 400'000;
  SearchOutcome outcome;
  outcome.incumbent = anneal(problem, problem.options.max_evaluations.value_or(kDefaultBudget));
  outcome.lower_bound = std::min(root_bound(problem), outcome.incumbent.value);
  return outcome;
}

SearchOutcome run_random(const SearchProblem& problem) {
  constexpr std::int64_t kDefaultBudget = 20'000;
  const std::int64_t budget = problem.options.max_evaluations.value_or(kDefaultBudget);
  const LoopMoves moves = moves_of(problem);
  Rng rng = Rng::derive(problem.options.seed, 0);
  CandidateEvaluator fast(problem.layer, problem.accelerator, problem.space);
  SearchOutcome outcome;
  Incumbent& incumbent = outcome.incumbent;
  for (const Candidate& start : problem.starts) incumbent.offer(problem, start);
  while (incumbent.spent() < budget && !problem.stop.raised()) {
    const Candidate candidate = moves.sample(rng);
    if (problem.space.fits_mesh(candidate))
      incumbent.offer(problem, candidate, fast);
    else
      ++incumbent.nodes;
  }
  outcome.lower_bound = std::min(root_bound(problem), incumbent.value);
  return outcome;
}

}  // namespace hwflow::chip
