#pragma once

#include <map>
#include <memory>
#include <string>

#include "study/hardware_model.hpp"
#include "study/hardware_space.hpp"

namespace hwflow::study {

/// What plans cost, each on the design that was chosen for it; without a choice on the reference.
class DesignedModel final : public HardwareModel {
 public:
  DesignedModel(Network network, chip::Accelerator accelerator, const HardwareOptions& options,
                std::unique_ptr<HardwareSpace> space)
      : HardwareModel(std::move(network), std::move(accelerator), options),
        space_(std::move(space)) {}

  [[nodiscard]] HardwareSpace& space() { return *space_; }
  void choose(const CompressionPlan& plan, DesignSizes sizes);
  [[nodiscard]] DesignSizes chosen(const CompressionPlan& plan) const;

  using HardwareModel::prepare;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                    std::stop_token stop) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan) const override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan) const override;
  [[nodiscard]] std::int64_t layers_reused() const noexcept override { return 0; }
  [[nodiscard]] std::int64_t schedules_searched() const noexcept override { return 0; }
  [[nodiscard]] std::optional<LayerCost> layer_cost(const std::string&) const override {
    return std::nullopt;
  }

 private:
  std::unique_ptr<HardwareSpace> space_;
  std::map<std::string, DesignSizes> chosen_;  // by plan
};

}  // namespace hwflow::study
