#include "study/layer_details.hpp"

#include <algorithm>

#include "study/hardware_model.hpp"

namespace hwflow::study {
namespace {

/// Energies as energy_components(), each as the model counts it.
std::vector<double> energies_of(const chip::Cost& cost) {
  std::vector<double> parts;
  double noc = 0.0, leakage = cost.engine_leakage_pj;
  for (const chip::LevelCost& level : cost.levels) {
    parts.push_back(level.energy_pj);
    noc += level.noc_energy_pj;
    leakage += level.leakage_pj;
  }
  parts.insert(parts.end(), {noc, cost.mac_energy_pj, leakage});
  return parts;
}

std::int64_t bits_moved(const chip::LevelCost& level) {
  std::int64_t bits = 0;
  for (const chip::TensorTraffic& traffic : level.operands) {
    bits += traffic.read_bits + traffic.fill_bits + traffic.update_bits + traffic.drain_bits;
  }
  return bits;
}

std::int64_t stride_of(const Operator& op) {
  std::int64_t stride = 1;
  for (const Operand& operand : op.operands()) {
    for (const Rank& rank : operand.ranks) {
      for (const AffineTerm& term : rank.terms) {
        if (term.dim == Dim::p || term.dim == Dim::q) stride = std::max(stride, term.coefficient);
      }
    }
  }
  return stride;
}

}  // namespace

double peak_macs_per_cycle(const chip::Accelerator& accelerator, const Layer& layer) {
  if (layer.op.macs() == 0) return 0.0;
  const auto rate = accelerator.engine().rate(layer.bits.weights, layer.bits.inputs);
  if (!rate) return 0.0;
  return static_cast<double>(accelerator.compute_units()) * static_cast<double>(rate->macs) /
         static_cast<double>(rate->cycles);
}

std::string shape_text(const Operator& op) {
  std::string text;
  for (const Dim dim : {Dim::g, Dim::n, Dim::k, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s}) {
    if (op.bound(dim) == 1) continue;
    if (!text.empty()) text += ' ';
    text += std::string(name(dim)) + std::to_string(op.bound(dim));
  }
  if (stride_of(op) > 1) text += " stride " + std::to_string(stride_of(op));
  return text;
}

std::vector<std::string> energy_components(const chip::Accelerator& accelerator) {
  std::vector<std::string> names;
  for (const chip::MemoryLevel& level : accelerator.levels()) names.push_back(level.name);
  names.insert(names.end(), {"NoC", "MAC", "leakage"});
  return names;
}

NetworkSize size_of(const Network& network) {
  NetworkSize size{0, network.macs(), network.parameters()};
  for (const NodeId id : network.compute_nodes()) size.channels += network.node(id).shape.channels;
  return size;
}

void place_layer(LayerDetails& layer, NodeId node, const Network& left, const Network& whole) {
  layer.plan_index = plan_index(whole, node);
  layer.channels = left.node(node).shape.channels;
  layer.channels_whole = whole.node(node).shape.channels;
}

LayerDetails describe_layer(const Layer& layer, const chip::Accelerator& accelerator,
                            const chip::MappingResult& result) {
  LayerDetails details;
  details.name = layer.name;
  details.shape = shape_text(layer.op);
  details.weight_bits = layer.bits.weights;
  details.input_bits = layer.bits.inputs;
  details.output_bits = layer.bits.outputs;
  details.macs = layer.op.macs();
  details.energy_pj = result.cost.energy_pj;
  details.cycles = result.cost.cycles;
  details.compute_cycles = result.cost.compute_cycles;
  details.dram_bits = result.cost.dram_bits;
  details.utilization = result.cost.utilization;
  details.energy_by_component_pj = energies_of(result.cost);
  for (const chip::LevelCost& level : result.cost.levels) {
    details.traffic_bits.push_back(bits_moved(level));
  }
  details.mapping = chip::to_text(result.mapping, accelerator);
  details.loop_nest = chip::to_loop_nest(result.mapping, layer, accelerator);
  details.mapping_optimal = result.optimal;
  details.mapping_gap = result.gap();
  details.peak_macs_per_cycle = peak_macs_per_cycle(accelerator, layer);
  return details;
}

}  // namespace hwflow::study
