#pragma once

#include <algorithm>

#include "chip/mapper/search.hpp"

namespace hwflow::chip {

/// What a product search has found, and what that or its limits still let it look for.
class BestSoFar {
 public:
  explicit BestSoFar(const SearchProblem& problem)
      : problem_(problem), fast_(problem.layer, problem.accelerator, problem.space) {}

  /// Sums of products are rounded differently from the counts: what is nearer than this is equal.
  static constexpr double kTolerance = 1e-10;

  /// Of the incumbent, or of what is known from elsewhere.
  [[nodiscard]] double value() const {
    return incumbent.best ? std::min(incumbent.value, problem_.to_beat) : problem_.to_beat;
  }
  /// What costs as much is of no use.
  [[nodiscard]] double limit() const { return value() * (1.0 - kTolerance); }
  [[nodiscard]] bool may_improve(double bound) const { return bound < limit(); }

  /// Out of time, or over the limit of mappings and bounds; for good.
  bool is_spent() {
    const auto& most = problem_.options.max_evaluations;
    spent_ = spent_ || (most && incumbent.spent() >= *most) || problem_.stop.raised();
    return spent_;
  }

  void offer(const Candidate& candidate) { incumbent.offer(problem_, candidate, fast_); }

  Incumbent incumbent;

 private:
  const SearchProblem& problem_;
  CandidateEvaluator fast_;
  bool spent_ = false;
};

}  // namespace hwflow::chip
