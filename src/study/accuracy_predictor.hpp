#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "study/plan_space.hpp"
#include "study/ridge_regression.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// A plan and its measured accuracy.
struct MeasuredPlan {
  CompressionPlan plan;
  train::AccuracyEstimate accuracy;
};

/// Widths of a plan as numbers that accuracies may be linear in: for every layer that is not
/// pinned, for weights and for inputs, and for every width but the widest, is it so narrow (1 or
/// 0)? Then for every width how many layers are. Groups of channels take such steps too, in all
/// their counts, and the sum of removed shares is one more. So what a narrower width does is
/// learned from the widths beside it and from other layers, too, until the layer has been measured
/// itself.
class PlanFeatures {
 public:
  explicit PlanFeatures(PlanSpace space);
  [[nodiscard]] std::vector<double> of(const CompressionPlan& plan) const;

 private:
  PlanSpace space_;
};

/// What a plan's accuracy is likely to be, from those of other plans: ridge regression on
/// PlanFeatures, of the share of images that go wrong or of its log-odds, whichever ranks the
/// measured plans better when each is left out of its own fit.
class AccuracyPredictor {
 public:
  enum class Target : std::uint8_t { share, log_odds };

  /// measured  not none; of any plans that the options of `space` allow
  AccuracyPredictor(const PlanSpace& space, std::span<const MeasuredPlan> measured);

  /// Predicted 1 - top1, smoothed; may leave 0..1.
  [[nodiscard]] double harm(const CompressionPlan& plan) const;
  [[nodiscard]] Target target() const noexcept { return target_; }

 private:
  struct Fit {
    Target target;
    RidgeRegression model;
  };
  [[nodiscard]] static Fit best_fit(const PlanFeatures& features,
                                    std::span<const MeasuredPlan> measured);
  AccuracyPredictor(PlanFeatures features, Fit fit);

  PlanFeatures features_;
  Target target_;
  RidgeRegression model_;
};

}  // namespace hwflow::study
