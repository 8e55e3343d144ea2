#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapper/mapper.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {

/// `schedule: layer_by_layer`: the sum of the best mappings of a plan's layers, one after another.
///
/// Layers of equal shape and widths are mapped once, whichever plan they belong to.
class LayerByLayerModel final : public HardwareModel {
 public:
  /// Best mapping of one layer; called from several threads at once.
  using MapLayer = std::function<Expected<chip::MappingResult>(const Layer&)>;

  LayerByLayerModel(Network network, chip::Accelerator accelerator, const HardwareOptions& options,
                    MapLayer map_layer);
  ~LayerByLayerModel() override;

  using HardwareModel::prepare;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                    std::stop_token stop) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan) const override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan) const override;
  [[nodiscard]] std::int64_t layers_reused() const noexcept override;
  [[nodiscard]] std::int64_t schedules_searched() const noexcept override {
    return layers_mapped();
  }
  [[nodiscard]] std::optional<LayerCost> layer_cost(const std::string& shape) const override;
  [[nodiscard]] std::int64_t layers_mapped() const noexcept;

 private:
  struct Cells;

  MapLayer map_layer_;
  std::unique_ptr<Cells> cells_;
};

}  // namespace hwflow::study
