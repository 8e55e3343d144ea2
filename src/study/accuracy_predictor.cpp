#include "study/accuracy_predictor.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "base/check.hpp"
#include "study/rank_correlation.hpp"

namespace hwflow::study {
namespace {

constexpr std::array kPenalties{1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0};

/// counts  null: not wanted
void add_steps(std::vector<double>& row, std::vector<double>* counts, int value,
               const std::vector<int>& choices) {
  for (std::size_t i = 0; i + 1 < choices.size(); ++i) {
    const double is_so_narrow = value <= choices[i] ? 1.0 : 0.0;
    row.push_back(is_so_narrow);
    if (counts != nullptr) (*counts)[i] += is_so_narrow;
  }
}

/// Half an image is added to both sides: no share of 0 or 1 has log-odds.
double target_of(AccuracyPredictor::Target target, const train::AccuracyEstimate& accuracy) {
  const double right = static_cast<double>(accuracy.correct) + 0.5;
  const double wrong = static_cast<double>(accuracy.total - accuracy.correct) + 0.5;
  return target == AccuracyPredictor::Target::share ? wrong / (right + wrong)
                                                    : std::log(wrong / right);
}

}  // namespace

PlanFeatures::PlanFeatures(PlanSpace space) : space_(std::move(space)) {}

std::vector<double> PlanFeatures::of(const CompressionPlan& plan) const {
  std::vector<double> row;
  const std::vector<int>&weight_bits = space_.weight_bits(), &input_bits = space_.input_bits();
  std::vector<double> weight_counts(weight_bits.size() - 1), input_counts(input_bits.size() - 1);
  for (const std::size_t layer : space_.free_layers()) {
    add_steps(row, &weight_counts, plan.layers[layer].weights, weight_bits);
    add_steps(row, &input_counts, plan.layers[layer].inputs, input_bits);
  }
  row.insert(row.end(), weight_counts.begin(), weight_counts.end());
  row.insert(row.end(), input_counts.begin(), input_counts.end());
  const std::vector<std::vector<int>> choices = space_.all_channel_counts();
  if (choices.empty()) return row;
  const std::vector<int> kept = space_.free_counts(plan);
  for (std::size_t i = 0; i < choices.size(); ++i) add_steps(row, nullptr, kept[i], choices[i]);
  row.push_back(space_.removed_channels(plan));
  return row;
}

AccuracyPredictor::Fit AccuracyPredictor::best_fit(const PlanFeatures& features,
                                                   std::span<const MeasuredPlan> measured) {
  HWFLOW_CHECK(!measured.empty(), "nothing to learn from");
  std::vector<std::vector<double>> rows;
  std::vector<double> harms;
  for (const MeasuredPlan& known : measured) {
    rows.push_back(features.of(known.plan));
    harms.push_back(1.0 - known.accuracy.top1());
  }
  const auto fit = [&](Target target) {
    std::vector<double> targets;
    for (const MeasuredPlan& known : measured) targets.push_back(target_of(target, known.accuracy));
    return Fit{target, RidgeRegression(rows, targets, kPenalties)};
  };
  const auto quality = [&](const Fit& found) {
    return rank_correlation(found.model.left_out(), harms).value_or(-1.0);
  };
  Fit odds = fit(Target::log_odds), share = fit(Target::share);
  return quality(share) > quality(odds) ? std::move(share) : std::move(odds);
}

AccuracyPredictor::AccuracyPredictor(const PlanSpace& space, std::span<const MeasuredPlan> measured)
    : AccuracyPredictor(PlanFeatures(space), best_fit(PlanFeatures(space), measured)) {}

AccuracyPredictor::AccuracyPredictor(PlanFeatures features, Fit fit)
    : features_(std::move(features)), target_(fit.target), model_(std::move(fit.model)) {}

double AccuracyPredictor::harm(const CompressionPlan& plan) const {
  const double value = model_.predict(features_.of(plan));
  return target_ == Target::share ? value : 1.0 / (1.0 + std::exp(-value));
}

}  // namespace hwflow::study
