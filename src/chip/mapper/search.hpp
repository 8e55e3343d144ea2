#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "chip/cost/cost.hpp"
#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/candidate_evaluator.hpp"
#include "chip/mapper/caps.hpp"
#include "chip/mapper/map_space.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// Why a search ends early: asked to stop, out of time. (Budgets of evaluations belong to the
/// strategies, which spend them in a fixed order.)
class StopSign {
 public:
  StopSign(const MapperOptions& options, std::stop_token stop)
      : stop_(std::move(stop)), start_(std::chrono::steady_clock::now()) {
    if (options.time_limit_seconds) limit_seconds_ = *options.time_limit_seconds;
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] bool raised() const {
    return stop_.stop_requested() || (limit_seconds_ && seconds() >= *limit_seconds_);
  }

 private:
  std::stop_token stop_;
  std::chrono::steady_clock::time_point start_;
  std::optional<double> limit_seconds_;
};

/// One layer on one accelerator, ready to be searched.
struct SearchProblem {
  const Layer& layer;
  const Accelerator& accelerator;
  const MapperOptions& options;
  const MapSpace& space;
  const BoundModel& model;
  const StopSign& stop;
  std::vector<Candidate> starts;  ///< feasible, in a fixed order; at least one
  /// What is not below this is of no use: known from elsewhere. Strategies may end without it.
  double to_beat = std::numeric_limits<double>::infinity();
  Caps caps{};  ///< for run_in_box() alone: other searches know none
  /// Told of every mapping that was evaluated and can run, within the caps or not.
  std::function<void(const Candidate&, const Cost&)> seen{};
};

/// Best so far of one line of search, with what it spent.
struct Incumbent {
  std::optional<Candidate> best;
  Cost cost;
  double value = 0.0;
  std::int64_t evaluations = 0;
  std::int64_t nodes = 0;  ///< bounds computed

  [[nodiscard]] std::int64_t spent() const { return evaluations + nodes; }
  /// Could something with this bound be better? (Differences below 1e-12 are rounding.)
  [[nodiscard]] bool can_improve(double bound) const {
    return !best || bound < value * (1.0 - 1e-12);
  }
  /// Evaluates the candidate and keeps it when it is feasible and better; true when kept.
  bool offer(const SearchProblem& problem, const Candidate& candidate);
  /// The same; what `fast` says is no better is not evaluated again.
  bool offer(const SearchProblem& problem, const Candidate& candidate, CandidateEvaluator& fast);
  /// Takes the other's best when it is better, and adds up what both spent.
  void merge(const Incumbent& other);
};

struct SearchOutcome {
  Incumbent incumbent;
  double lower_bound = 0.0;  ///< nothing in the map space is cheaper
};

/// What a strategy can search: countings that BoundModel bounds, Timeloop's boxes besides, or all
/// that evaluate() counts.
enum class Countings : std::uint8_t { bounded, bounded_or_boxes, all };

/// A way to search; deterministic unless the StopSign cuts it. Adding one: a new file, a line in
/// strategies.cpp, a CMake line, a test.
struct Strategy {
  std::string_view name;
  std::string_view description;
  SearchOutcome (*run)(const SearchProblem& problem);
  Countings countings = Countings::bounded;
};
[[nodiscard]] const std::vector<Strategy>& strategies();

/// Land & Doig, Econometrica 28(3), 1960; started from anneal().
[[nodiscard]] SearchOutcome run_branch_and_bound(const SearchProblem& problem);
/// Simulated annealing alone: Kirkpatrick, Gelatt & Vecchi, Science 220, 1983.
[[nodiscard]] SearchOutcome run_annealing(const SearchProblem& problem);
/// A genetic algorithm: Holland, Adaptation in Natural and Artificial Systems, 1975.
[[nodiscard]] SearchOutcome run_genetic(const SearchProblem& problem);
/// Independent uniform samples: the yardstick for the others.
[[nodiscard]] SearchOutcome run_random(const SearchProblem& problem);

/// First incumbent of the branch and bound: annealing on the bounds (which differ little from the
/// costs), then descent on the true cost. Spends at most `budget` bounds and evaluations.
[[nodiscard]] Incumbent anneal(const SearchProblem& problem, std::int64_t budget);

/// Are the bounds of BoundModel bounds in the counting of this machine?
[[nodiscard]] bool has_bounds(const Accelerator& accelerator);

/// The least bound of the whole space: nothing decided. 0 where the model has no bounds.
[[nodiscard]] double root_bound(const Accelerator& accelerator, const MapSpace& space,
                                const BoundModel& model, Objective objective);
[[nodiscard]] double root_bound(const SearchProblem& problem);

struct FirstMapping {
  std::optional<Candidate> candidate;
  bool complete = true;  ///< false: none was found, but not every mapping was tried
};
/// A candidate that evaluate() accepts, by depth-first search from the smallest tiles up. Gives up
/// when the sign is raised or after a fixed number of tries.
[[nodiscard]] FirstMapping find_feasible(const Layer& layer, const Accelerator& accelerator,
                                         const MapSpace& space, const BoundModel& model,
                                         const StopSign& stop);

/// Machines that the mapper, or the strategy of the options, cannot search.
[[nodiscard]] Diagnostics check_machine(const Accelerator& accelerator,
                                        const MapperOptions& options);

/// What is wrong with mapping one layer, whatever the mapping; what all layers of a network share
/// is check_machine()'s.
[[nodiscard]] Diagnostics check_layer(const Layer& layer, const Accelerator& accelerator,
                                      const MapperOptions& options);

/// Most ways to cut dimensions that one search holds, all dimensions together (about 60 MB).
inline constexpr std::size_t kMostChains = std::size_t{1} << 19;

}  // namespace hwflow::chip
