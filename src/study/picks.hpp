#pragma once

#include <span>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// A plan chosen for re-training.
struct Pick {
  std::size_t evaluated = 0;
  std::string label, reason;
  bool baseline = false;
};

/// What picks are chosen from.
struct PickInput {
  std::span<const EvaluatedPlan> evaluated;
  std::span<const std::size_t> front;
  std::span<const Objective> objectives;
  /// Of finish.baselines, in that order.
  std::span<const std::size_t> finish_baselines;
  train::AccuracyEstimate float_accuracy;  ///< on the search split, as all others here
};

/// The uniform baselines, then at most options.picks plans of the front, by these rules until there
/// are enough, leaving out plans that were chosen before:
///   1. the least first cost within the tolerance of float accuracy,
///   2. for every baseline but the reference: the most accurate plan that costs less in every
///      objective, then the least first cost among plans that are no less accurate than it,
///   3. the least first cost within the tolerance + 1, 2, 4, 8, ... margins,
///   4. the knee: nearest to the ideal point of the front.
/// Rules 2 and 3 look beyond the tolerance because calibrated accuracy is a lower estimate of what
/// re-training reaches.
[[nodiscard]] std::vector<Pick> choose_picks(const PickInput& input, const FinishOptions& options);

}  // namespace hwflow::study
