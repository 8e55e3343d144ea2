#include "study/layer_by_layer_model.hpp"

#include <map>
#include <optional>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {

/// Best mappings by shape key.
struct LayerByLayerModel::Cells {
  std::map<std::string, chip::MappingResult> known;
  std::int64_t reused = 0;
};

LayerByLayerModel::LayerByLayerModel(Network network, chip::Accelerator accelerator,
                                     const HardwareOptions& options, MapLayer map_layer)
    : HardwareModel(std::move(network), std::move(accelerator), options),
      map_layer_(std::move(map_layer)),
      cells_(std::make_unique<Cells>()) {}

LayerByLayerModel::~LayerByLayerModel() = default;

std::optional<LayerCost> LayerByLayerModel::layer_cost(const std::string& shape) const {
  const auto cell = cells_->known.find(shape);
  if (cell == cells_->known.end()) return std::nullopt;
  const chip::Cost& cost = cell->second.cost;
  return LayerCost{cost.energy_pj, cost.cycles, cost.dram_bits};
}

Diagnostics LayerByLayerModel::prepare(std::span<const CompressionPlan> plans, int threads,
                                       std::stop_token stop) {
  std::map<std::string, Layer> missing;
  for (const CompressionPlan& plan : plans) {
    for (LoweredLayer& lowered_layer : lowered(plan)) {
      std::string key = shape_key(lowered_layer.layer);
      if (cells_->known.contains(key) ||
          !missing.emplace(std::move(key), std::move(lowered_layer.layer)).second) {
        ++cells_->reused;
      }
    }
  }
  std::vector<const Layer*> layers;
  for (const auto& [key, layer] : missing) layers.push_back(&layer);
  std::vector<std::optional<Expected<chip::MappingResult>>> results(layers.size());
  parallel_for(layers.size(), threads, [&](std::size_t i) {
    if (!stop.stop_requested()) results[i] = map_layer_(*layers[i]);
  });

  Diagnostics problems;
  std::size_t i = 0;
  for (const auto& [key, layer] : missing) {
    std::optional<Expected<chip::MappingResult>>& result = results[i++];
    if (!result) continue;
    if (*result) {
      cells_->known.emplace(key, std::move(**result));
      continue;
    }
    for (Diagnostic& problem : of_layer(result->error(), layer, accelerator()))
      problems.push_back(std::move(problem));
  }
  return problems;
}

HardwareCost LayerByLayerModel::cost(const CompressionPlan& plan) const {
  HardwareCost total;
  const std::vector<LoweredLayer> layers = lowered(plan);
  for (const LoweredLayer& lowered_layer : layers) {
    const std::optional<LayerCost> layer = layer_cost(shape_key(lowered_layer.layer));
    HWFLOW_CHECK(layer.has_value(), "plan was not prepared");
    add(total, *layer);
  }
  total.model_bits = model_bits_of(plan);
  total.macs = macs(layers);
  total.failure_rate = failures_of(plan).failures;
  return total;
}

PlanSchedule LayerByLayerModel::schedule(const CompressionPlan& plan) const {
  PlanSchedule schedule;
  const std::shared_ptr<const Network> left = network_of(plan);
  for (const LoweredLayer& lowered_layer : lowered(plan)) {
    const auto cell = cells_->known.find(shape_key(lowered_layer.layer));
    HWFLOW_CHECK(cell != cells_->known.end(), "plan was not prepared");
    schedule.layers.push_back(describe_layer(lowered_layer.layer, accelerator(), cell->second));
    place_layer(schedule.layers.back(), lowered_layer.node, *left, network());
  }
  return schedule;
}

std::int64_t LayerByLayerModel::layers_mapped() const noexcept {
  return static_cast<std::int64_t>(cells_->known.size());
}

std::int64_t LayerByLayerModel::layers_reused() const noexcept { return cells_->reused; }

}  // namespace hwflow::study
