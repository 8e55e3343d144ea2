#pragma once

#include <functional>
#include <optional>
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

/// Plans among which the most accurate on the confirmation split is looked for: the most accurate
/// of the search.
inline constexpr std::size_t kShortlist = 16;

/// Measures plans, given by their place, on the confirmation split: fills in `confirmed` of the
/// plans behind PickInput::evaluated. False: stopped.
using ConfirmPlans = std::function<bool(std::span<const std::size_t>)>;

/// What picks are chosen from.
struct PickInput {
  std::span<const EvaluatedPlan> evaluated;
  std::span<const std::size_t> front;
  std::span<const Objective> objectives;
  /// As find_winners() leaves them; rows without a plan are nobody's pick.
  std::span<const BudgetWinner> winners = {};
  /// Of finish.baselines, in that order.
  std::span<const std::size_t> finish_baselines;
  train::AccuracyEstimate float_search;
  std::optional<train::AccuracyEstimate> float_confirmation;  ///< none: picks trust the search
  ConfirmPlans confirm;                                       ///< called only with the former
  std::function<bool(std::size_t)> may_pick = {};             ///< empty: every plan
  bool by_proxy = false;  ///< "accuracies" are none (accuracy.method: proxy), nor so called
};

/// The uniform baselines, then at most options.picks plans by these rules until there are enough,
/// leaving out plans that were chosen before:
///   0. of a study with budgets: the most accurate within each, in the order of `winners`,
///   1. the least first cost within the tolerance of float accuracy, and at no less than it,
///   2. for every baseline but the reference: the most accurate plan that costs less in every
///      objective, then the least first cost among plans that are no less accurate than it,
///   3. the least first cost within half the tolerance, and within it + 1, 2, 4, 8, ... margins as
///      long as these are less than float accuracy,
///   4. the knee: nearest to the ideal point of the front.
/// A proxy has no points, and its scale means nothing. In place of 1 and 3 it has, behind 2, the
/// least first cost among plans whose proxy is no less than that of the plan behind the best
/// quarter, the best half and the best three quarters of the front.
/// Rules 2 and 3 look beyond the tolerance because calibrated accuracy is a lower estimate of what
/// re-training reaches.
///
/// A front holds the luckiest of many measurements. So with a confirmation split a plan is accurate
/// enough for rules 1 to 3 only if it is so on the search split and then, measured anew, on that
/// one, against float or the baseline on the same images; all plans stand for it, by rising cost,
/// also those that a lucky one keeps off the front. "Most accurate" is decided among the best 16 of
/// the search. Without that split only plans of the front are picked, by the search.
///
/// returns  none when `confirm` was stopped
[[nodiscard]] std::optional<std::vector<Pick>> choose_picks(const PickInput& input,
                                                            const FinishOptions& options);

}  // namespace hwflow::study
