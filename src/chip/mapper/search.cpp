#include "chip/mapper/search.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

/// Depth-first over the dimensions; of each the chains with the smallest inner tiles first.
class FeasibleSearch {
 public:
  FeasibleSearch(const Layer& layer, const Accelerator& accelerator, const MapSpace& space,
                 const BoundModel& model, const StopSign& stop)
      : layer_(layer), accelerator_(accelerator), space_(space), model_(model), stop_(stop) {
    const auto stopped = [&stop] { return stop.raised(); };
    for (const Dim dim : space.dims()) {
      lists_.push_back(space.first_chains(dim, kMostChains / kDimCount, stopped));
      complete_ = complete_ && lists_.back().complete;
    }
  }

  bool decide(std::size_t depth, Candidate& candidate) {
    if (is_over()) return false;
    if (depth == lists_.size()) {
      // Partial sums may fit only where no loop that adds to them stands outside the others.
      for (const bool sums_inside : {false, true}) {
        candidate.orders.fill(sums_inside ? sums_first() : kDims);
        const auto result = evaluate(layer_, accelerator_, space_.to_mapping(candidate));
        if (std::holds_alternative<Cost>(result)) return true;
      }
      return false;
    }
    DimLoops& loops = candidate.chains[index(space_.dims()[depth])];
    for (const DimLoops& choice : lists_[depth].chains) {
      if (is_over()) break;
      loops = choice;
      if (!space_.fits_mesh(candidate) || model_.overflow(candidate)) continue;
      if (decide(depth + 1, candidate)) return true;
    }
    loops = kNoLoops;
    return false;
  }

  [[nodiscard]] bool complete() const { return complete_; }

 private:
  /// The dimensions that outputs do not have innermost.
  [[nodiscard]] LoopOrder sums_first() const {
    LoopOrder order = kDims;
    std::stable_partition(order.begin(), order.end(),
                          [&](Dim dim) { return !layer_.op.output().indexed_by(dim); });
    return order;
  }

  bool is_over() {
    constexpr std::int64_t kMostTries = 5'000'000, kInterval = 256;
    ++tries_;
    if (tries_ > kMostTries || (tries_ % kInterval == 0 && stop_.raised())) over_ = true;
    if (over_) complete_ = false;
    return over_;
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  const MapSpace& space_;
  const BoundModel& model_;
  const StopSign& stop_;
  std::vector<ChainList> lists_;
  std::int64_t tries_ = 0;
  bool over_ = false, complete_ = true;
};

}  // namespace

bool Incumbent::offer(const SearchProblem& problem, const Candidate& candidate) {
  ++evaluations;
  auto result = evaluate(problem.layer, problem.accelerator, problem.space.to_mapping(candidate));
  auto* found = std::get_if<Cost>(&result);
  if (found == nullptr) return false;
  if (problem.seen) problem.seen(candidate, *found);
  if (!is_within(*found, problem.caps)) return false;
  const double found_value = value_of(*found, problem.options.objective);
  if (best && found_value >= value) return false;
  best = candidate;
  cost = std::move(*found);
  value = found_value;
  return true;
}

bool Incumbent::offer(const SearchProblem& problem, const Candidate& candidate,
                      CandidateEvaluator& fast) {
  constexpr double kRounding = 1e-9;  // far more than the two differ by
  const auto is_worse = [&] {
    const auto said = fast.evaluate(candidate);
    const auto* totals = std::get_if<Totals>(&said);
    if (totals == nullptr) return true;
    const double likely = value_of(*totals, problem.options.objective);
    return best && likely > value * (1.0 + kRounding);
  };
  if (!fast.is_fast() || !is_worse()) return offer(problem, candidate);
  ++evaluations;
  return false;
}

void Incumbent::merge(const Incumbent& other) {
  evaluations += other.evaluations;
  nodes += other.nodes;
  if (!other.best || (best && other.value >= value)) return;
  best = other.best;
  cost = other.cost;
  value = other.value;
}

bool has_bounds(const Accelerator& accelerator) {
  const CountingRules& rules = accelerator.fields().counting;
  return !rules.box_tiles && !rules.skip_only_update_read && !rules.move_every_turn &&
         !rules.whole_transfers;
}

double root_bound(const Accelerator& accelerator, const MapSpace& space, const BoundModel& model,
                  Objective objective) {
  if (!has_bounds(accelerator)) return 0.0;
  return value_of(model.bound(space.empty(), Decided{}), objective);
}

double root_bound(const SearchProblem& problem) {
  return root_bound(problem.accelerator, problem.space, problem.model, problem.options.objective);
}

FirstMapping find_feasible(const Layer& layer, const Accelerator& accelerator,
                           const MapSpace& space, const BoundModel& model, const StopSign& stop) {
  Candidate candidate = space.empty();
  FeasibleSearch search(layer, accelerator, space, model, stop);
  if (search.decide(0, candidate)) return {candidate, true};
  return {std::nullopt, search.complete()};
}

}  // namespace hwflow::chip
