#include "study/hardware_model.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {

/// Best mappings by shape key.
struct HardwareModel::Cells {
  std::map<std::string, chip::MappingResult> known;
  std::int64_t reused = 0;
};

HardwareModel::HardwareModel(Network network, chip::Accelerator accelerator,
                             const HardwareOptions& options, MapLayer map_layer)
    : network_(std::move(network)),
      accelerator_(std::move(accelerator)),
      map_layer_(std::move(map_layer)),
      cells_(std::make_unique<Cells>()) {
  lowering_.batch = options.batch;
  lowering_.auxiliary_bits = options.auxiliary_bits;
  lowering_.network_output_bits = options.network_output_bits;
  lowering_.include_auxiliary = options.include_auxiliary;
  lowering_.float_bits = accelerator_.fields().float_bits;
  lowering_.partial_sum_bits = accelerator_.fields().partial_sum_bits;
}

HardwareModel::~HardwareModel() = default;

std::vector<LoweredLayer> HardwareModel::lowered(const PrecisionPlan& plan) const {
  return lower(network_, plan, lowering_);
}

Diagnostics HardwareModel::prepare(std::span<const PrecisionPlan> plans, int threads,
                                   std::stop_token stop) {
  std::map<std::string, Layer> missing;
  for (const PrecisionPlan& plan : plans) {
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
    for (Diagnostic problem : result->error()) {
      problem.place = "layer " + layer.name + " on " + accelerator_.name() +
                      (problem.place.empty() ? "" : ": " + problem.place);
      problems.push_back(std::move(problem));
    }
  }
  return problems;
}

HardwareCost HardwareModel::cost(const PrecisionPlan& plan) const {
  HardwareCost total;
  for (const LoweredLayer& lowered_layer : lowered(plan)) {
    const auto cell = cells_->known.find(shape_key(lowered_layer.layer));
    HWFLOW_CHECK(cell != cells_->known.end(), "plan was not prepared");
    total.energy_pj += cell->second.cost.energy_pj;
    total.cycles += cell->second.cost.cycles;
    total.dram_bits += cell->second.cost.dram_bits;
  }
  total.model_bits = model_bits(network_, plan);
  return total;
}

std::vector<LayerDetails> HardwareModel::details(const PrecisionPlan& plan) const {
  std::vector<LayerDetails> details;
  const std::vector<NodeId>& compute = network_.compute_nodes();
  for (const LoweredLayer& lowered_layer : lowered(plan)) {
    const auto cell = cells_->known.find(shape_key(lowered_layer.layer));
    HWFLOW_CHECK(cell != cells_->known.end(), "plan was not prepared");
    details.push_back(describe_layer(lowered_layer.layer, accelerator_, cell->second));
    const auto place = std::lower_bound(compute.begin(), compute.end(), lowered_layer.node);
    if (place != compute.end() && *place == lowered_layer.node) {
      details.back().plan_index = static_cast<std::size_t>(place - compute.begin());
    }
  }
  return details;
}

std::vector<std::string> HardwareModel::energy_components() const {
  return study::energy_components(accelerator_);
}

std::int64_t HardwareModel::layers_mapped() const noexcept {
  return static_cast<std::int64_t>(cells_->known.size());
}

std::int64_t HardwareModel::layers_reused() const noexcept { return cells_->reused; }

std::vector<std::int64_t> layer_weights(const Network& network) {
  std::vector<std::int64_t> counts;
  for (const NodeId id : network.compute_nodes()) {
    std::int64_t count = 0;
    const std::optional<Operator> op = network.operator_of(id, 1);
    HWFLOW_CHECK(op.has_value(), "compute node without an operator");
    for (const Operand& operand : op->operands()) {
      if (operand.role == Role::weights) count += operand.elements();
    }
    counts.push_back(count);
  }
  return counts;
}

std::int64_t model_bits(const Network& network, const PrecisionPlan& plan) {
  const std::vector<std::int64_t> weights = layer_weights(network);
  HWFLOW_CHECK(weights.size() == plan.layers.size(), "plan of another network");
  std::int64_t bits = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) bits += weights[i] * plan.layers[i].weights;
  return bits;
}

}  // namespace hwflow::study
