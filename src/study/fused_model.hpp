#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>

#include "base/expected.hpp"
#include "chip/fusion/network_fusion.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {

/// `schedule: fused`: the best partition of a plan's layers into groups that run tile by tile
/// (docs/fusion.md).
///
/// Every distinct plan is fused once. Plans share mappings of layers and of blocks by shape and
/// widths, and schedules of slices by the widths that these depend on; the cost of a plan is that
/// of a fuse_network() which knows of no other plan.
class FusedModel final : public HardwareModel {
 public:
  /// options   objective, mapper and space; its threads and caches are not looked at
  /// mappings  of layers and blocks, also those known before; outlives the model
  /// Errors    accelerators without a buffer that fused groups can live in
  [[nodiscard]] static Expected<std::unique_ptr<FusedModel>> make(
      Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
      const chip::FusionOptions& options, chip::MappingCache& mappings);

  using HardwareModel::prepare;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                    std::stop_token stop) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan) const override;
  /// Fuses the plan again, which the caches make quick.
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan) const override;
  [[nodiscard]] std::int64_t layers_reused() const noexcept override { return layers_reused_; }

  [[nodiscard]] std::optional<LayerCost> layer_cost(const std::string&) const override {
    return std::nullopt;
  }
  [[nodiscard]] std::int64_t schedules_searched() const noexcept override { return plans_fused(); }

  /// Distinct plans that were fused.
  [[nodiscard]] std::int64_t plans_fused() const noexcept {
    return static_cast<std::int64_t>(known_.size());
  }
  /// Schedules of slices found for one plan and used for another.
  [[nodiscard]] std::int64_t slices_reused() const { return slices_.hits(); }

 private:
  FusedModel(Network network, chip::Accelerator accelerator, const HardwareOptions& hardware,
             chip::FusionMachine machine, chip::FusionOptions options);
  [[nodiscard]] chip::FusionGraph graph_of(const CompressionPlan& plan) const;
  [[nodiscard]] Diagnostics named(const Diagnostics& problems) const;
  void count_layers(const chip::FusionGraph& graph);

  chip::FusionMachine machine_;
  chip::FusionOptions options_;
  chip::SliceCache slices_;
  std::map<std::string, chip::NetworkCost> known_;  ///< by all that a graph depends on
  std::set<std::string> layers_;                    ///< shape keys
  std::int64_t layers_reused_ = 0;
};

}  // namespace hwflow::study
