#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "chip/mapper/best_so_far.hpp"
#include "chip/mapper/outer_traffic.hpp"

namespace hwflow::chip {

/// The last step of the product search: factors are decided, and the order of the loops is left
/// where the classes do not tell orders apart.
class LeafOrders {
 public:
  LeafOrders(const SearchProblem& problem, BestSoFar& best, OuterTraffic& outer_traffic);

  /// Offers `candidate` in its own order, or in every order that may cost less than the best.
  /// `bound`: no order that the class of `candidate` is for costs less. `picks` stand for its
  /// loops: with exact counting no order is tried again when they come under another class and all
  /// were tried before.
  void offer(const Candidate& candidate, double bound, const std::vector<std::uint32_t>& picks);

 private:
  bool may_be_of_use(const Candidate& candidate);
  void remember(const std::vector<std::uint32_t>& picks);
  void offer_distinct(LevelIndex level, double bound);
  void offer_all(LevelIndex level, double bound);
  void offer_neighbours(Candidate candidate);

  const SearchProblem& p_;
  BestSoFar& best_;
  OuterTraffic& outer_traffic_;
  bool forwards_ = false;  ///< some units pass words on to their neighbours
  Candidate candidate_;
  std::set<std::vector<std::uint32_t>> tried_;
};

}  // namespace hwflow::chip
