#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chip/overlay/product_cost.hpp"

namespace hwflow::chip {

/// The stage that keeps the others waiting: the one longest at work; of equals the first here.
enum class OverlayStage : std::uint8_t { execute, fetch, result };
[[nodiscard]] std::string_view name(OverlayStage stage);
[[nodiscard]] OverlayStage bounding_stage(const ProductCost& cost);

/// One layer that multiplies.
struct OverlayLayerCost {
  std::string name;
  MatrixProduct product;
  ProductCost cost;
  OverlayStage bound = OverlayStage::execute;
  double utilization = 0.0;  ///< bit products of the layer / those of the array in its cycles
};

/// A network, layer after layer, on one design.
struct OverlayNetworkCost {
  std::vector<OverlayLayerCost> layers;  ///< those without multiplications are left out
  std::int64_t cycles = 0;
  std::int64_t fetch_bits = 0, result_bits = 0;
  double utilization = 0.0;
  FpgaResources resources;

  [[nodiscard]] std::int64_t dram_bits() const { return fetch_bits + result_bits; }
};

/// Errors  everything wrong with options, design and layers.
[[nodiscard]] Expected<OverlayNetworkCost> evaluate_overlay(
    std::span<const Layer> layers, const BismoShape& design, const OverlayOptions& options,
    ScheduleRule rule = ScheduleRule::balanced);

}  // namespace hwflow::chip
