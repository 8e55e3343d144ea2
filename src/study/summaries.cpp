#include "study/summaries.hpp"

#include "study/hardware_model.hpp"
#include "study/layer_details.hpp"

namespace hwflow::study {

NetworkSummary summarise(const Network& network, const std::string& source) {
  NetworkSummary summary;
  summary.name = network.name();
  summary.source = source;
  const NetworkSize size = size_of(network);
  summary.channels = size.channels;
  summary.macs = size.macs;
  summary.parameters = size.parameters;
  summary.layer_weights = layer_weights(network);
  for (const NodeId id : network.compute_nodes()) {
    summary.compute_layers.push_back(network.node(id).name);
    summary.layer_macs.push_back(network.operator_of(id, 1)->macs());
  }
  return summary;
}

AcceleratorSummary summarise(const chip::Accelerator& accelerator) {
  const chip::Accelerator::Fields& fields = accelerator.fields();
  AcceleratorSummary summary;
  summary.name = fields.name;
  summary.description = fields.description;
  summary.source = fields.source;
  summary.technology = fields.technology;
  summary.energy_table = fields.energy_table;
  summary.clock_mhz = fields.clock_mhz;
  summary.compute_units = accelerator.compute_units();
  summary.dram_bits_per_cycle = fields.levels.front().read_bandwidth_bits_per_cycle;
  for (const chip::MemoryLevel& level : fields.levels) summary.level_names.push_back(level.name);
  return summary;
}

}  // namespace hwflow::study
