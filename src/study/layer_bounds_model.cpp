#include "study/layer_bounds_model.hpp"

#include <optional>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "chip/cost/cost.hpp"
#include "chip/fusion/least_work.hpp"

namespace hwflow::study {

LayerBoundsModel::LayerBoundsModel(Network network, chip::Accelerator accelerator,
                                   const HardwareOptions& options, BoundLayer bound_layer)
    : HardwareModel(std::move(network), std::move(accelerator), options),
      bound_layer_(std::move(bound_layer)) {}

std::optional<LayerCost> LayerBoundsModel::layer_cost(const std::string& shape) const {
  const auto bound = known_.find(shape);
  if (bound == known_.end()) return std::nullopt;
  return bound->second;
}

Diagnostics LayerBoundsModel::prepare(std::span<const CompressionPlan> plans, int threads,
                                      std::stop_token stop) {
  std::map<std::string, Layer> missing;
  for (const CompressionPlan& plan : plans) {
    for (LoweredLayer& lowered_layer : lowered(plan)) {
      std::string key = shape_key(lowered_layer.layer);
      if (known_.contains(key) ||
          !missing.emplace(std::move(key), std::move(lowered_layer.layer)).second) {
        ++reused_;
      }
    }
  }
  std::vector<const Layer*> layers;
  for (const auto& [key, layer] : missing) layers.push_back(&layer);
  std::vector<std::optional<Expected<LayerCost>>> results(layers.size());
  parallel_for(layers.size(), threads, [&](std::size_t i) {
    if (!stop.stop_requested()) results[i] = bound_layer_(*layers[i]);
  });
  Diagnostics problems;
  std::size_t i = 0;
  for (const auto& [key, layer] : missing) {
    const std::optional<Expected<LayerCost>>& result = results[i++];
    if (!result) continue;
    if (*result) {
      known_.emplace(key, **result);
      continue;
    }
    for (Diagnostic& problem : of_layer(result->error(), layer, accelerator()))
      problems.push_back(std::move(problem));
  }
  return problems;
}

HardwareCost LayerBoundsModel::cost(const CompressionPlan& plan) const {
  HardwareCost total;
  const std::vector<LoweredLayer> layers = lowered(plan);
  for (const LoweredLayer& lowered_layer : layers) {
    const std::optional<LayerCost> bound = layer_cost(shape_key(lowered_layer.layer));
    HWFLOW_CHECK(bound.has_value(), "plan was not prepared");
    add(total, *bound);
  }
  total.model_bits = model_bits_of(plan);
  total.macs = macs(layers);
  total.failure_rate = failures_of(plan).failures;
  return total;
}

PlanSchedule LayerBoundsModel::schedule(const CompressionPlan&) const {
  HWFLOW_CHECK(false, "bounds have no schedule");
  return {};
}

LayerBoundsModel::BoundLayer bounds_of_layers(chip::Accelerator accelerator, Abstraction model) {
  HWFLOW_CHECK(model != Abstraction::fine, "the fine model is no bound");
  const bool is_coarse = model == Abstraction::coarse;
  return
      [accelerator = std::move(accelerator), is_coarse](const Layer& layer) -> Expected<LayerCost> {
        if (is_coarse) {
          const Expected<chip::CoarseCost> cost = evaluate_coarse(layer, accelerator);
          if (!cost) return Unexpected{cost.error()};
          return LayerCost{cost->energy_pj, cost->cycles, cost->dram_bits};
        }
        const Expected<chip::MidCost> cost = evaluate_mid(layer, accelerator);
        if (!cost) return Unexpected{cost.error()};
        return LayerCost{cost->energy_pj + innermost_energy_pj(layer, accelerator), cost->cycles,
                         cost->dram_bits};
      };
}

}  // namespace hwflow::study
