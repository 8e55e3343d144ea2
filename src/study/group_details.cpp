#include "study/group_details.hpp"

#include <variant>

#include "base/check.hpp"
#include "chip/cost/cost.hpp"
#include "chip/fusion/schedule_text.hpp"
#include "study/hardware_model.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {
namespace {

/// Energies as energy_components() of the whole machine.
std::vector<double> energies_of(const chip::GroupCost& cost, const chip::FusionMachine& machine) {
  std::vector<double> parts(machine.whole.levels().size(), 0.0);
  parts.front() = cost.dram_energy_pj;
  for (std::size_t l = 0; l < cost.level_energy_pj.size(); ++l)
    parts[machine.buffer + l] += cost.level_energy_pj[l];
  parts.insert(parts.end(), {0.0, cost.mac_energy_pj, cost.leakage_pj});
  return parts;
}

/// The machine that a layer by itself was mapped on: there its mapping costs what is stated.
const chip::Accelerator& machine_of(const chip::FusionMachine& machine, const Layer& layer,
                                    const chip::MappingResult& result) {
  for (const chip::Accelerator& candidate : machine.alone) {
    const auto evaluation = chip::evaluate(layer, candidate, result.mapping);
    const auto* cost = std::get_if<chip::Cost>(&evaluation);
    if (cost != nullptr && cost->energy_pj == result.cost.energy_pj &&
        cost->cycles == result.cost.cycles)
      return candidate;
  }
  HWFLOW_CHECK(false, "a mapping that costs something else on every machine");
  return machine.whole;
}

/// Describes the parts of one schedule, one after the other.
class Description {
 public:
  Description(const Network& network, const chip::FusionGraph& graph,
              const chip::FusionMachine& machine)
      : network_(network), graph_(graph), machine_(machine) {}

  void add(const chip::FusedGroup& group) {
    GroupDetails details;
    for (std::size_t l = group.slice.first; l < group.slice.last; ++l)
      details.members.push_back(member(graph_.layers[l]));
    details.energy_pj = group.total.energy_pj;
    details.cycles = group.total.cycles;
    details.dram_bits = group.total.dram_bits;
    details.peak_buffer_bits = group.peak_buffer_bits;
    if (group.plan)
      add_schedule(details, group);
    else
      add_mapping(details, group);
    schedule_.groups.push_back(std::move(details));
  }

  PlanSchedule take() && { return std::move(schedule_); }

 private:
  [[nodiscard]] GroupMember member(const chip::FusionLayer& layer) const {
    return {
        layer.batched.name,       shape_text(layer.batched.op), plan_index(network_, layer.node),
        layer.layer.bits.weights, layer.layer.bits.inputs,      layer.layer.bits.outputs,
        layer.batched.op.macs()};
  }

  void add_schedule(GroupDetails& details, const chip::FusedGroup& group) const {
    HWFLOW_CHECK(group.cost.has_value(), "a group of the partition without a price");
    details.tile = chip::tile_text(group.plan->schedule);
    details.policies = chip::policies_text(graph_, group.slice, group.plan->schedule);
    details.compute_cycles = group.cost->compute_cycles;
    details.energy_by_component_pj = energies_of(*group.cost, machine_);
    details.mapping_optimal = group.cost->mapped_optimally;
  }

  void add_mapping(GroupDetails& details, const chip::FusedGroup& group) {
    const chip::FusionLayer& layer = graph_.layers[group.slice.first];
    LayerDetails alone = describe_layer(
        layer.batched, machine_of(machine_, layer.batched, *group.alone), *group.alone);
    place_layer(alone, layer.node, network_, network_);
    details.is_fused = false;
    details.compute_cycles = alone.compute_cycles;
    details.energy_by_component_pj = alone.energy_by_component_pj;
    details.mapping_optimal = alone.mapping_optimal;
    schedule_.layers.push_back(std::move(alone));
  }

  const Network& network_;
  const chip::FusionGraph& graph_;
  const chip::FusionMachine& machine_;
  PlanSchedule schedule_;
};

}  // namespace

PlanSchedule describe_fusion(const Network& network, const chip::FusionGraph& graph,
                             const chip::FusionMachine& machine,
                             const chip::NetworkFusion& fusion) {
  Description description(network, graph, machine);
  for (const chip::FusedGroup& group : fusion.groups) description.add(group);
  return std::move(description).take();
}

}  // namespace hwflow::study
