#include "chip/fusion/network_traffic.hpp"

namespace hwflow::chip {

std::optional<TrafficByLevel> level_traffic(const FusedGroup& group, const FusionGraph& graph,
                                            const FusionMachine& machine) {
  if (group.cost) return group.cost->level_traffic;
  if (!group.alone) return std::nullopt;
  TrafficByLevel levels(machine.inner.levels().size());
  const Operator& op = graph.layers[group.slice.first].batched.op;
  add_traffic(op, group.alone->cost, machine.buffer, 1, levels);
  return levels;
}

std::optional<TrafficByLevel> fused_traffic(const NetworkFusion& fusion, const FusionGraph& graph,
                                            const FusionMachine& machine) {
  TrafficByLevel sum(machine.inner.levels().size());
  for (const FusedGroup& group : fusion.groups) {
    const auto levels = level_traffic(group, graph, machine);
    if (!levels) return std::nullopt;
    for (std::size_t l = 0; l < sum.size(); ++l) sum[l] += (*levels)[l];
  }
  return sum;
}

std::optional<TrafficByLevel> single_layer_traffic(const NetworkFusion& fusion,
                                                   const FusionMachine& machine) {
  if (!fusion.single_layers) return std::nullopt;
  TrafficByLevel sum(machine.inner.levels().size());
  for (const MappedLayer& layer : fusion.single_mappings)
    add_traffic(layer.layer.op, layer.result.cost, machine.buffer, layer.count(), sum);
  return sum;
}

}  // namespace hwflow::chip
