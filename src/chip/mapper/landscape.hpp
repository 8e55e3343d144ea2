#pragma once

#include <limits>

#include "chip/mapper/loop_moves.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {

/// A candidate as a heuristic sees it; infinite when it does not fit.
struct View {
  double height = std::numeric_limits<double>::infinity();  ///< what the heuristic minimises
  double value = std::numeric_limits<double>::infinity();   ///< of the objective, in its units
};

/// The objective for searches that look at many candidates: the bound of the complete candidate (a
/// microsecond or two; it differs little from the cost) where the counting has bounds, else what
/// evaluate() says. Safe from any thread.
class Landscape {
 public:
  /// `haste` > 0 makes cycles count for more than the objective says: walks that first look for
  /// busy arrays reach basins that others do not.
  explicit Landscape(const SearchProblem& problem, double haste = 0.0)
      : problem_(problem), haste_(haste), bounded_(has_bounds(problem.accelerator)) {}

  [[nodiscard]] View look(const Candidate& candidate) const;
  [[nodiscard]] double height(const Candidate& candidate) const { return look(candidate).height; }
  /// What so many looks have cost, put on the account of `incumbent`.
  void charge(std::int64_t looks, Incumbent& incumbent) const {
    (bounded_ ? incumbent.nodes : incumbent.evaluations) += looks;
  }

 private:
  const SearchProblem& problem_;
  double haste_;
  bool bounded_;
};

/// Changes of candidates of this problem; of neighbours on a mesh too, where they pass words on
/// that no bound sees.
[[nodiscard]] LoopMoves moves_of(const SearchProblem& problem);

}  // namespace hwflow::chip
