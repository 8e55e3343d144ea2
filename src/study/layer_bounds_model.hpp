#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {

/// `schedule: layer_by_layer` at a coarse level of abstraction: the sum of bounds of a plan's
/// layers, so no more than what LayerByLayerModel says of the plan.
///
/// Layers of equal shape and widths are bounded once. It has no schedules to show.
class LayerBoundsModel final : public HardwareModel {
 public:
  /// Called from several threads at once.
  using BoundLayer = std::function<Expected<LayerCost>(const Layer&)>;

  LayerBoundsModel(Network network, chip::Accelerator accelerator, const HardwareOptions& options,
                   BoundLayer bound_layer);

  using HardwareModel::prepare;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                    std::stop_token stop) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan) const override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan) const override;
  [[nodiscard]] std::int64_t layers_reused() const noexcept override { return reused_; }
  [[nodiscard]] std::int64_t schedules_searched() const noexcept override { return 0; }
  [[nodiscard]] std::optional<LayerCost> layer_cost(const std::string& shape) const override;
  [[nodiscard]] std::int64_t layers_bounded() const noexcept {
    return static_cast<std::int64_t>(known_.size());
  }

 private:
  BoundLayer bound_layer_;
  std::map<std::string, LayerCost> known_;  ///< by shape key
  std::int64_t reused_ = 0;
};

/// coarse  evaluate_coarse() of chip/cost
/// mid     evaluate_mid(), and the energy that every iteration costs at the levels next to the
///         units, which evaluate_mid() does not look at
[[nodiscard]] LayerBoundsModel::BoundLayer bounds_of_layers(chip::Accelerator accelerator,
                                                            Abstraction model);

}  // namespace hwflow::study
