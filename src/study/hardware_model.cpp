#include "study/hardware_model.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {

LoweringOptions lowering_options(const HardwareOptions& options,
                                 const chip::Accelerator& accelerator) {
  LoweringOptions lowering;
  lowering.batch = options.batch;
  lowering.auxiliary_bits = options.auxiliary_bits;
  lowering.network_output_bits = options.network_output_bits;
  lowering.include_auxiliary = options.include_auxiliary;
  lowering.float_bits = accelerator.fields().float_bits;
  lowering.partial_sum_bits = accelerator.fields().partial_sum_bits;
  return lowering;
}

HardwareModel::HardwareModel(Network network, chip::Accelerator accelerator,
                             const HardwareOptions& options)
    : networks_(std::move(network)),
      accelerator_(std::move(accelerator)),
      lowering_(lowering_options(options, accelerator_)) {}

HardwareModel::~HardwareModel() = default;

std::vector<std::string> HardwareModel::energy_components() const {
  return study::energy_components(accelerator_);
}

HardwareCost HardwareModel::lower_bound(const CompressionPlan& plan,
                                        const HardwareModel& coarser) const {
  HardwareCost total;
  const std::vector<LoweredLayer> layers = lowered(plan);
  for (const LoweredLayer& lowered_layer : layers) {
    const std::string shape = shape_key(lowered_layer.layer);
    std::optional<LayerCost> layer = layer_cost(shape);
    if (!layer) layer = coarser.layer_cost(shape);
    if (!layer) return coarser.cost(plan);
    add(total, *layer);
  }
  total.model_bits = model_bits_of(plan);
  total.macs = macs(layers);
  total.failure_rate = failures_of(plan).failures;
  return total;
}

FailurePredictor::Rate HardwareModel::failures_of(const CompressionPlan& plan) const {
  if (!predictor_) return {};
  return predictor_->rate(*network_of(plan), plan);
}

NetworkSize HardwareModel::size_of(const CompressionPlan& plan) const {
  return study::size_of(*network_of(plan));
}

std::vector<LayerLoad> HardwareModel::layer_loads(const CompressionPlan& plan) const {
  const HardwareCost total = cost(plan);
  const auto bandwidth = accelerator_.levels().front().read_bandwidth_bits_per_cycle;
  std::vector<LayerLoad> loads(plan.layers.size());
  for (const LoweredLayer& lowered_layer : lowered(plan)) {
    const Layer& layer = lowered_layer.layer;
    const std::optional<std::size_t> place = plan_index(networks_.whole(), lowered_layer.node);
    if (!place) continue;  // pooling and the like
    const std::optional<LayerCost> of = layer_cost(shape_key(layer));
    if (!of) return {};
    const auto cycles = static_cast<double>(of->cycles), bits = static_cast<double>(of->dram_bits);
    const double compute =
        share_of(static_cast<double>(layer.op.macs()), peak_macs_per_cycle(accelerator_, layer));
    loads[*place] = {share_of(of->energy_pj, total.energy_pj),
                     share_of(cycles, static_cast<double>(total.cycles)),
                     share_of(bits, static_cast<double>(total.dram_bits)),
                     share_of(compute, cycles), bandwidth && bits / *bandwidth > compute};
  }
  return loads;
}

void add(HardwareCost& total, const LayerCost& layer) {
  total.energy_pj += layer.energy_pj;
  total.cycles += layer.cycles;
  total.dram_bits += layer.dram_bits;
}

Diagnostics of_layer(Diagnostics problems, const Layer& layer,
                     const chip::Accelerator& accelerator) {
  for (Diagnostic& problem : problems) {
    problem.place = "layer " + layer.name + " on " + accelerator.name() +
                    (problem.place.empty() ? "" : ": " + problem.place);
  }
  return problems;
}

std::optional<std::size_t> plan_index(const Network& network, NodeId node) {
  const std::vector<NodeId>& compute = network.compute_nodes();
  const auto place = std::ranges::lower_bound(compute, node.value, {}, &NodeId::value);
  if (place == compute.end() || *place != node) return std::nullopt;
  return static_cast<std::size_t>(place - compute.begin());
}

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

std::int64_t model_bits(const Network& network, const CompressionPlan& plan) {
  const std::vector<std::int64_t> weights = layer_weights(network);
  HWFLOW_CHECK(weights.size() == plan.layers.size(), "plan of another network");
  std::int64_t bits = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) bits += weights[i] * plan.layers[i].weights;
  return bits;
}

std::int64_t macs(std::span<const LoweredLayer> layers) {
  std::int64_t total = 0;
  for (const LoweredLayer& lowered : layers) total += lowered.layer.op.macs();
  return total;
}

}  // namespace hwflow::study
