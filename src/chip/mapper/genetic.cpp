#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/parallel.hpp"
#include "chip/mapper/landscape.hpp"
#include "chip/mapper/search.hpp"

// Why not pagmo::sga: it takes vectors between bounds, and with ceiling factors a cut of a
// dimension is none (which bounds are of use depends on those outside); it cannot repair a child,
// nor leave out a duplicate; and it stops between whole generations only. With the candidate as
// genome, its operators are those of LoopMoves and the ten lines of cross().

namespace hwflow::chip {
namespace {

constexpr std::int64_t kDefaultBudget = 400'000;
constexpr std::int64_t kIslands = 8, kEpochs = 8;  // best of an island goes to the next after each
constexpr std::size_t kPopulation = 40, kTournament = 3;
constexpr std::int64_t kLooksPerIsland = 1'000;  // with fewer, there are fewer islands
constexpr int kRepairs = 24;                     // factors moved outward before a child is given up
constexpr double kCrossover = 0.7, kAnotherChange = 0.4;
constexpr std::int64_t kStopInterval = 64;  // looks between looks at the clock

/// The candidate itself is the genome: the chain of each dimension, the loop order of each level
/// and the neighbours of each mesh axis are its genes.
struct Member {
  Candidate genome;
  View view;
};

/// Equal for genomes that are the same mapping: loops that do not turn have no place in an order.
std::uint64_t key_of(const Candidate& genome, const MapSpace& space) {
  std::string bytes;
  const auto add = [&bytes](std::int64_t number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  for (const Dim dim : space.dims())
    for (std::size_t slot = 0; slot < space.slot_count(); ++slot) add(genome.bound(slot, dim));
  for (LevelIndex l = 0; l < space.level_count(); ++l) {
    for (const Dim dim : genome.orders[l])
      if (genome.bound(slot_of(l, SlotKind::temporal), dim) > 1)
        add(static_cast<std::int64_t>(index(dim)));
  }
  for (const Dim dim : genome.adjacent) add(static_cast<std::int64_t>(index(dim)));
  return stable_hash(bytes);
}

/// A population of its own, with its own random numbers: nothing depends on other threads.
class Island {
 public:
  Island(const SearchProblem& problem, std::uint64_t stream)
      : problem_(problem),
        landscape_(problem),
        moves_(moves_of(problem)),
        rng_(Rng::derive(problem.options.seed, stream)) {}

  /// The starts, then random members, made to fit.
  void settle(std::int64_t budget) {
    for (const Candidate& start : problem_.starts) {
      if (population_.size() < kPopulation && !is_over(budget)) add({start, look(start)});
    }
    while (population_.size() < kPopulation && !is_over(budget)) {
      Candidate genome = moves_.sample(rng_);
      repair(genome);
      add({genome, look(genome)});
    }
  }

  /// Breeds until `budget` looks and evaluations are spent.
  void evolve(std::int64_t budget) {
    while (!population_.empty() && !is_over(budget)) {
      Candidate child = rng_.uniform() < kCrossover ? cross(select(), select()) : select();
      do {
        (void)moves_.change(child, rng_);
      } while (rng_.uniform() < kAnotherChange);
      repair(child);
      replace_loser({child, look(child)});
    }
  }

  void receive(const Member& guest) { replace_loser(guest); }
  [[nodiscard]] const Member* best() const {
    const auto least = std::min_element(
        population_.begin(), population_.end(),
        [](const Member& a, const Member& b) { return a.view.height < b.view.height; });
    return least == population_.end() ? nullptr : &*least;
  }
  [[nodiscard]] const Incumbent& incumbent() const { return incumbent_; }

 private:
  [[nodiscard]] bool is_over(std::int64_t budget) {
    if (++asked_ % kStopInterval == 0) stopped_ = stopped_ || problem_.stop.raised();
    return stopped_ || incumbent_.spent() >= budget;
  }

  /// Bound or cost of the genome; what may be the best so far is evaluated.
  View look(const Candidate& genome) {
    landscape_.charge(1, incumbent_);
    const View view = landscape_.look(genome);
    if (std::isfinite(view.height) && incumbent_.can_improve(view.value) &&
        offered_.insert(key_of(genome, problem_.space)).second)
      incumbent_.offer(problem_, genome);
    return view;
  }

  [[nodiscard]] bool is_known(const View& view) const {
    return std::any_of(population_.begin(), population_.end(),
                       [&](const Member& one) { return one.view.height == view.height; });
  }

  void add(const Member& member) {
    if (!is_known(member.view)) population_.push_back(member);
  }

  [[nodiscard]] std::size_t tournament(bool for_worst) {
    std::size_t chosen = rng_.below(population_.size());
    for (std::size_t i = 1; i < kTournament; ++i) {
      const std::size_t other = rng_.below(population_.size());
      const double a = population_[chosen].view.height, b = population_[other].view.height;
      if (for_worst ? b > a : b < a) chosen = other;
    }
    return chosen;
  }

  [[nodiscard]] const Candidate& select() { return population_[tournament(false)].genome; }

  void replace_loser(const Member& child) {
    if (is_known(child.view)) return;
    Member& loser = population_[tournament(true)];
    if (child.view.height < loser.view.height) loser = child;
  }

  /// Uniform crossover: each gene from one of the parents.
  [[nodiscard]] Candidate cross(const Candidate& mother, const Candidate& father) {
    Candidate child = mother;
    for (const Dim dim : problem_.space.dims())
      if (rng_.below(2) == 0) child.chains[index(dim)] = father.chains[index(dim)];
    for (LevelIndex l = 0; l < problem_.space.level_count(); ++l)
      if (rng_.below(2) == 0) child.orders[l] = father.orders[l];
    for (std::size_t axis = 0; axis < child.adjacent.size(); ++axis)
      if (rng_.below(2) == 0) child.adjacent[axis] = father.adjacent[axis];
    return child;
  }

  /// Moves factors outward from overfull meshes and tiles; what does not fit then has no height.
  void repair(Candidate& child) {
    for (int i = 0; i < kRepairs; ++i) {
      if (const auto slot = overfull_axis(child)) {
        (void)moves_.move_outward(child, *slot, *slot + 1, rng_);
      } else if (const auto overflow =
                     problem_.model.overflow(child, problem_.model.all().levels)) {
        (void)moves_.move_outward(child, slot_of(overflow->level, SlotKind::temporal),
                                  problem_.space.slot_count(), rng_);
      } else {
        return;
      }
    }
  }

  /// A mesh axis with more loops than units, or with a dimension that may have only one axis.
  [[nodiscard]] std::optional<std::size_t> overfull_axis(const Candidate& child) const {
    const MapSpace& space = problem_.space;
    if (space.fits_mesh(child)) return std::nullopt;
    for (std::size_t slot = 0; slot < space.slot_count(); ++slot) {
      if (kind_of(slot) == SlotKind::temporal || space.mesh(slot) == 1) continue;
      std::int64_t used = 1;
      for (const Dim dim : space.dims()) {
        used *= child.bound(slot, dim);
        if (child.bound(slot, dim) > 1 && !space.allows_beside(slot, child.chains[index(dim)]))
          return slot;
      }
      if (used > space.mesh(slot)) return slot;
    }
    return std::nullopt;
  }

  const SearchProblem& problem_;
  Landscape landscape_;
  LoopMoves moves_;
  Rng rng_;
  std::vector<Member> population_;
  Incumbent incumbent_;
  std::unordered_set<std::uint64_t> offered_;  // keys of what was evaluated
  std::int64_t asked_ = 0;
  bool stopped_ = false;
};

/// The best of each island takes the place of a loser on the next.
void migrate(std::vector<Island>& islands) {
  std::vector<Member> travellers;
  for (const Island& island : islands)
    if (const Member* best = island.best()) travellers.push_back(*best);
  if (travellers.size() < islands.size() || islands.size() < 2) return;
  for (std::size_t i = 0; i < islands.size(); ++i)
    islands[(i + 1) % islands.size()].receive(travellers[i]);
}

Incumbent evolve_islands(const SearchProblem& problem, std::int64_t budget) {
  Incumbent incumbent;
  for (const Candidate& start : problem.starts) incumbent.offer(problem, start);
  const std::int64_t left = budget - incumbent.spent();
  if (left <= 0 || problem.space.dims().empty()) return incumbent;
  const auto count = std::clamp<std::int64_t>(left / kLooksPerIsland, 1, kIslands);
  std::vector<Island> islands;
  islands.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) islands.emplace_back(problem, i);
  for (std::int64_t epoch = 1; epoch <= kEpochs; ++epoch) {
    const std::int64_t share = left / count * epoch / kEpochs;
    parallel_for(islands.size(), problem.options.threads, [&](std::size_t i) {
      if (epoch == 1) islands[i].settle(share);
      islands[i].evolve(share);
    });
    migrate(islands);
  }
  for (const Island& island : islands) incumbent.merge(island.incumbent());
  return incumbent;
}

}  // namespace

SearchOutcome run_genetic(const SearchProblem& problem) {
  SearchOutcome outcome;
  outcome.incumbent =
      evolve_islands(problem, problem.options.max_evaluations.value_or(kDefaultBudget));
  outcome.lower_bound = std::min(root_bound(problem), outcome.incumbent.value);
  return outcome;
}

}  // namespace hwflow::chip
