#include "chip/fusion/network_bound.hpp"

#include <algorithm>

#include "chip/cost/compulsory.hpp"
#include "chip/cost/timing.hpp"
#include "chip/fusion/axis_plan.hpp"
#include "chip/fusion/group_cost.hpp"
#include "chip/fusion/least_work.hpp"

namespace hwflow::chip {

Expected<NetworkBound> network_bound(const FusionGraph& graph, const FusionMachine& machine,
                                     BoundDetail detail) {
  const Group group = make_group(graph, {0, graph.layers.size()});
  const GroupTensor& last = group.tensors[group.layers.back().output];
  const AxisPlan rows(group, Axis::rows, last.height);
  const AxisPlan columns(group, Axis::columns, last.width);
  NetworkBound bound;
  for (const GroupLayer& member : group.layers) {
    const FusionLayer& layer = graph.layers[member.layer];
    const auto least = compulsory_cost(layer.batched, machine.whole);
    if (!least) return Unexpected{least.error()};
    const std::int64_t needed = rows.total(member.output) * columns.total(member.output);
    const bool is_whole = needed >= member.height * member.width;
    if (!is_whole || layer.description.kind == NodeKind::transposed_convolution) continue;
    bound.energy_pj += static_cast<double>(layer.batched.op.macs()) * least->work.mac_energy_pj;
    bound.cycles += least->compute_cycles;
    if (detail == BoundDetail::transfers) continue;
    bound.energy_pj += static_cast<double>(graph.batch) *
                       std::min(innermost_energy_pj(layer.layer, machine.whole),
                                innermost_energy_pj(layer.layer, machine.inner));
  }
  const GroupTraffic traffic = compulsory_traffic(group);
  const MemoryLevel& dram = machine.whole.levels().front();
  bound.dram_bits = traffic.total();
  bound.cycles =
      std::max(bound.cycles, port_cycles(dram, {traffic.read_bits(), traffic.written_bits}, 1));
  bound.energy_pj += static_cast<double>(traffic.read_bits()) * dram.read_energy_pj_per_bit +
                     static_cast<double>(traffic.written_bits) * dram.write_energy_pj_per_bit;
  return bound;
}

}  // namespace hwflow::chip
