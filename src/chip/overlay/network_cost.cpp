#include "chip/overlay/network_cost.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hwflow::chip {
namespace {

double utilization(double binary_operations, std::int64_t cycles, const BismoShape& design) {
  if (cycles == 0) return 0.0;
  return binary_operations /
         (static_cast<double>(binary_operations_per_cycle(design)) * static_cast<double>(cycles));
}

}  // namespace

std::string_view name(OverlayStage stage) {
  switch (stage) {
    case OverlayStage::execute: return "execute";
    case OverlayStage::fetch: return "fetch";
    case OverlayStage::result: return "result";
  }
  return "";
}

OverlayStage bounding_stage(const ProductCost& cost) {
  const std::int64_t most = std::max({cost.execute_cycles, cost.fetch_cycles, cost.result_cycles});
  if (cost.execute_cycles == most) return OverlayStage::execute;
  return cost.fetch_cycles == most ? OverlayStage::fetch : OverlayStage::result;
}

Expected<OverlayNetworkCost> evaluate_overlay(std::span<const Layer> layers,
                                              const BismoShape& design,
                                              const OverlayOptions& options, ScheduleRule rule) {
  Diagnostics problems = validate(options);
  if (problems.empty()) problems = validate(design, options);
  OverlayNetworkCost network;
  for (const Layer& layer : layers) {
    auto product = matrix_product(layer);
    if (!product) {
      std::ranges::copy(std::move(product).error(), std::back_inserter(problems));
    } else if (*product) {
      network.layers.push_back({.name = layer.name, .product = **product, .cost = {}});
    }
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};

  network.resources = overlay_resources(design, options);
  double operations = 0.0;
  for (OverlayLayerCost& layer : network.layers) {
    layer.cost = best_cost(layer.product, design, options, rule);
    layer.bound = bounding_stage(layer.cost);
    layer.utilization = utilization(layer.product.binary_operations(), layer.cost.cycles, design);
    operations += layer.product.binary_operations();
    network.cycles += layer.cost.cycles;
    network.fetch_bits += layer.cost.fetch_bits;
    network.result_bits += layer.cost.result_bits;
  }
  network.utilization = utilization(operations, network.cycles, design);
  return network;
}

}  // namespace hwflow::chip
