#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/expected.hpp"
#include "chip/fusion/network_bound.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {

/// `schedule: fused` at a coarse level of abstraction: what no partition into groups goes below, so
/// no more than what FusedModel says of the plan. It has no schedules to show.
class FusedBoundsModel final : public HardwareModel {
 public:
  /// coarse   inputs, outputs and weights of the network once across the DRAM port, and the MACs
  /// mid      and what every iteration costs at the levels next to the units
  /// Errors   as FusedModel::make
  [[nodiscard]] static Expected<std::unique_ptr<FusedBoundsModel>> make(
      Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
      Abstraction model);

  using HardwareModel::prepare;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                    std::stop_token stop) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan) const override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan) const override;
  [[nodiscard]] std::int64_t layers_reused() const noexcept override { return 0; }
  [[nodiscard]] std::optional<LayerCost> layer_cost(const std::string&) const override {
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t schedules_searched() const noexcept override { return 0; }

 private:
  FusedBoundsModel(Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
                   chip::FusionMachine machine, chip::BoundDetail detail);

  chip::FusionMachine machine_;
  chip::BoundDetail detail_;
  std::map<std::string, chip::NetworkBound> known_;  ///< by the text of the plan
};

}  // namespace hwflow::study
