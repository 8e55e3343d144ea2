#include <algorithm>
#include <limits>
#include <queue>

#include "base/parallel.hpp"
#include "chip/mapper/loop_orders.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {
namespace {

/// The loops of the first `depth` dimensions, as indices into the lists of their chains. Of its
/// children, those from `next` on are not made yet.
struct Node {
  double bound = 0.0;
  std::uint32_t depth = 0;
  std::uint32_t next = 0;
  std::array<std::uint32_t, kDimCount> choice{};
};

/// Least bound first; of equal ones the deeper, then the one listed first: a total order, so that
/// the search takes the same way every time.
struct ComesLater {
  bool operator()(const Node& a, const Node& b) const {
    if (a.bound != b.bound) return a.bound > b.bound;
    if (a.depth != b.depth) return a.depth < b.depth;
    return a.choice > b.choice;
  }
};

using ChainLists = std::vector<std::vector<DimLoops>>;

/// Depth-first search below one node within a quota; what the quota leaves over comes back as open
/// nodes. Works on its own incumbent, so that nothing depends on other threads.
class Subtree {
 public:
  Subtree(const SearchProblem& problem, const ChainLists& lists, const Incumbent& incumbent,
          std::int64_t quota)
      : problem_(problem), lists_(lists), quota_(quota) {
    incumbent_.best = incumbent.best;
    incumbent_.value = incumbent.value;
    incumbent_.cost = incumbent.cost;
  }

  void run(const Node& root) {
    candidate_ = problem_.space.empty();
    for (std::size_t i = 0; i < root.depth; ++i) put(i, root.choice[i]);
    explore(root);
  }

  [[nodiscard]] const Incumbent& incumbent() const { return incumbent_; }
  [[nodiscard]] std::vector<Node>& open() { return open_; }

 private:
  void put(std::size_t depth, std::uint32_t choice) {
    candidate_.chains[index(problem_.space.dims()[depth])] = lists_[depth][choice];
  }

  [[nodiscard]] bool is_spent() const {
    return incumbent_.spent() >= quota_ || problem_.stop.raised();
  }

  [[nodiscard]] double bound_of(Decided decided) {
    ++incumbent_.nodes;
    return value_of(problem_.model.bound(candidate_, decided), problem_.options.objective);
  }

  [[nodiscard]] Decided decided_at(std::size_t depth) const {
    Decided decided;
    for (std::size_t i = 0; i < depth; ++i) {
      decided.dims |= 1U << index(problem_.space.dims()[i]);
    }
    return decided;
  }

  /// Children that fit and may improve, least bound first. Some are missing when aborted_, and when
  /// the quota is spent: then the node with the rest of its children is open again.
  std::vector<Node> children_of(const Node& node) {
    std::vector<Node> children;
    const std::size_t depth = node.depth;
    const Decided decided = decided_at(depth + 1);
    for (std::uint32_t i = node.next; i < lists_[depth].size(); ++i) {
      if (incumbent_.spent() >= quota_) {
        open_.push_back(node);
        open_.back().next = i;
        break;
      }
      constexpr std::uint32_t kInterval = 1024;
      if (i % kInterval == kInterval - 1 && problem_.stop.raised()) {
        aborted_ = true;
        break;
      }
      put(depth, i);
      if (!problem_.space.fits_mesh(candidate_) || problem_.model.overflow(candidate_)) continue;
      Node child = node;
      child.depth = node.depth + 1;
      child.next = 0;
      child.choice[depth] = i;
      child.bound = std::max(node.bound, bound_of(decided));
      if (incumbent_.can_improve(child.bound)) children.push_back(child);
    }
    candidate_.chains[index(problem_.space.dims()[depth])] = kNoLoops;
    std::sort(children.begin(), children.end(),
              [](const Node& a, const Node& b) { return ComesLater()(b, a); });
    return children;
  }

  void explore(const Node& node) {
    if (!incumbent_.can_improve(node.bound)) return;
    if (is_spent()) {
      open_.push_back(node);
      return;
    }
    if (node.depth == lists_.size()) {
      order_level(0, node.bound);
      if (aborted_) open_.push_back(node);
      return;
    }
    const std::vector<Node> children = children_of(node);
    if (aborted_) {
      open_.push_back(node);
      return;
    }
    for (const Node& child : children) {
      put(node.depth, child.choice[node.depth]);
      explore(child);
    }
    candidate_.chains[index(problem_.space.dims()[node.depth])] = kNoLoops;
  }

  /// Decides the loop orders from DRAM inward; only the clock may stop it half way.
  void order_level(LevelIndex level, double bound) {
    if (!incumbent_.can_improve(bound)) return;
    if (level == problem_.space.level_count()) {
      incumbent_.offer(problem_, candidate_);
      return;
    }
    const LoopOrder before = candidate_.orders[level];
    Decided decided = problem_.model.all();
    decided.levels = (1U << (level + 1)) - 1;
    for_each_order(candidate_, level, problem_.space, problem_.model, [&](const LoopOrder& order) {
      aborted_ = aborted_ || problem_.stop.raised();
      if (aborted_) return false;
      candidate_.orders[level] = order;
      order_level(level + 1, std::max(bound, bound_of(decided)));
      return !aborted_;
    });
    candidate_.orders[level] = before;
  }

  const SearchProblem& problem_;
  const ChainLists& lists_;
  std::int64_t quota_;
  Candidate candidate_ = problem_.space.empty();
  Incumbent incumbent_;
  std::vector<Node> open_;
  bool aborted_ = false;
};

/// Best-first over open nodes, a fixed number of them at a time, each searched depth-first within a
/// quota. Rounds and quotas do not depend on the number of threads, hence neither does the result.
class BranchAndBound {
 public:
  explicit BranchAndBound(const SearchProblem& problem) : problem_(problem) {
    complete_ = make_lists();
    if (!complete_) lists_.clear();
  }

  SearchOutcome run() {
    if (!complete_) return search_without_lists();
    incumbent_ = anneal(problem_, first_budget());
    open_.push({root_bound(problem_), 0, {}});
    while (!open_.empty() && incumbent_.can_improve(open_.top().bound)) {
      const std::int64_t quota = quota_now();
      if (quota <= 0 || problem_.stop.raised()) break;
      search_round(take_round(), quota);
    }
    double floor = incumbent_.best ? incumbent_.value : std::numeric_limits<double>::infinity();
    if (!open_.empty()) floor = std::min(floor, open_.top().bound);
    return {std::move(incumbent_), floor};
  }

 private:
  static constexpr std::size_t kRound = 16;
  static constexpr std::int64_t kQuota = 20'000;
  static constexpr std::size_t kManyOpen = 500'000;  // beyond it subtrees are searched to their end

  /// False when the lists are too long to be held or to be gone through in time.
  bool make_lists() {
    constexpr std::size_t kShort = std::size_t{1} << 14;
    std::size_t left = kMostChains;
    if (const auto& most = problem_.options.max_evaluations) {
      left = std::min(left, std::max(kShort, static_cast<std::size_t>(*most)));
    }
    const auto stopped = [this] { return problem_.stop.raised(); };
    for (const Dim dim : problem_.space.dims()) {
      ChainList list = problem_.space.first_chains(dim, left, stopped);
      if (!list.complete) return false;
      left -= list.chains.size();
      std::reverse(list.chains.begin(), list.chains.end());
      lists_.push_back(std::move(list.chains));
    }
    return true;
  }

  /// Annealing needs no lists; the bound of the root holds for the whole space.
  SearchOutcome search_without_lists() {
    constexpr std::int64_t kBudget = 2'000'000;
    incumbent_ = anneal(problem_, problem_.options.max_evaluations.value_or(kBudget));
    const double floor = std::min(root_bound(problem_), incumbent_.value);
    return {std::move(incumbent_), floor};
  }

  /// Enough for a good start on any layer, and little beside what a proof takes.
  [[nodiscard]] std::int64_t first_budget() const {
    constexpr double kLeast = 1'000, kMost = 240'000;
    double tilings = 1.0;
    for (const auto& list : lists_) tilings *= static_cast<double>(list.size());
    const auto budget = static_cast<std::int64_t>(std::clamp(tilings, kLeast, kMost));
    if (!problem_.options.max_evaluations) return budget;
    return std::min(budget, *problem_.options.max_evaluations * 3 / 4);
  }

  [[nodiscard]] std::int64_t quota_now() const {
    const std::int64_t quota =
        open_.size() > kManyOpen ? std::numeric_limits<std::int64_t>::max() : kQuota;
    if (!problem_.options.max_evaluations) return quota;
    const std::int64_t left = *problem_.options.max_evaluations - incumbent_.spent();
    return std::min(
        quota, (left + static_cast<std::int64_t>(kRound) - 1) / static_cast<std::int64_t>(kRound));
  }

  std::vector<Node> take_round() {
    std::vector<Node> round;
    while (!open_.empty() && round.size() < kRound) {
      if (!incumbent_.can_improve(open_.top().bound)) break;
      round.push_back(open_.top());
      open_.pop();
    }
    return round;
  }

  void search_round(const std::vector<Node>& round, std::int64_t quota) {
    std::vector<Subtree> subtrees;
    subtrees.reserve(round.size());
    for (std::size_t i = 0; i < round.size(); ++i) {
      subtrees.emplace_back(problem_, lists_, incumbent_, quota);
    }
    parallel_for(round.size(), problem_.options.threads,
                 [&](std::size_t i) { subtrees[i].run(round[i]); });
    for (Subtree& subtree : subtrees) {
      incumbent_.merge(subtree.incumbent());
      for (const Node& node : subtree.open()) open_.push(node);
    }
  }

  const SearchProblem& problem_;
  Incumbent incumbent_;
  ChainLists lists_;
  bool complete_ = true;
  std::priority_queue<Node, std::vector<Node>, ComesLater> open_;
};

}  // namespace

SearchOutcome run_branch_and_bound(const SearchProblem& problem) {
  return BranchAndBound(problem).run();
}

}  // namespace hwflow::chip
