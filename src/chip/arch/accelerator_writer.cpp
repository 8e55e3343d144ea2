#include "chip/arch/accelerator_file.hpp"
#include "chip/arch/accelerator_format.hpp"
#include "schema/schema.hpp"

namespace hwflow::chip {
namespace {

file::FanoutKeys keys_of(const Fanout& fanout) {
  file::FanoutKeys keys;
  keys.x = fanout.x;
  keys.y = fanout.y;
  keys.x_dims = fanout.x_dims;
  keys.y_dims = fanout.y_dims;
  keys.multicast = fanout.multicast;
  keys.spatial_reduction = fanout.spatial_reduction;
  keys.forwarding = fanout.forwarding;
  keys.hop_energy_pj_per_bit = fanout.hop_energy_pj_per_bit;
  return keys;
}

file::LevelKeys keys_of(const MemoryLevel& level, bool outermost) {
  file::LevelKeys keys;
  keys.name = level.name;
  keys.keeps = level.keeps;
  keys.capacity_bits = level.capacity_bits;
  keys.partition_bits = {level.partition_bits[0], level.partition_bits[1], level.partition_bits[2]};
  bool limited = level.capacity_bits.has_value();
  for (const auto& bits : level.partition_bits) limited = limited || bits.has_value();
  keys.unlimited = !outermost && !limited;
  keys.word_bits = level.word_bits;
  keys.whole_words = level.whole_words;
  keys.double_buffered = level.double_buffered;
  keys.read_energy_pj_per_bit = level.read_energy_pj_per_bit;
  keys.write_energy_pj_per_bit = level.write_energy_pj_per_bit;
  keys.leakage_pj_per_cycle = level.leakage_pj_per_cycle;
  keys.read_bandwidth_bits_per_cycle = level.read_bandwidth_bits_per_cycle;
  keys.write_bandwidth_bits_per_cycle = level.write_bandwidth_bits_per_cycle;
  keys.shared_port = level.shared_port;
  keys.area_um2 = level.area_um2;
  keys.temporal_dims = level.temporal_dims;
  keys.fanout = keys_of(level.fanout);
  return keys;
}

file::EngineKeys keys_of(const ComputeEngine& engine) {
  file::EngineKeys keys;
  keys.kind = engine.kind;
  keys.mac_energy_pj = engine.mac_energy_pj;
  keys.reference_weight_bits = engine.reference_weight_bits;
  keys.reference_input_bits = engine.reference_input_bits;
  keys.scaling = engine.scaling;
  keys.leakage_pj_per_cycle = engine.leakage_pj_per_cycle;
  keys.area_um2 = engine.area_um2;
  keys.operand_registers = engine.operand_registers;
  return keys;
}

}  // namespace

std::string accelerator_to_yaml(const Accelerator& accelerator) {
  const Accelerator::Fields& fields = accelerator.fields();
  file::AcceleratorKeys keys;
  keys.name = fields.name;
  keys.description = fields.description;
  keys.source = fields.source;
  keys.energy_table = "inline";
  keys.energy_source = fields.energy_table;
  keys.technology = fields.technology;
  keys.clock_mhz = fields.clock_mhz;
  keys.partial_sum_bits = fields.partial_sum_bits;
  keys.float_bits = fields.float_bits;
  for (const MemoryLevel& level : fields.levels) {
    keys.levels.push_back(keys_of(level, keys.levels.empty()));
  }
  keys.engine = keys_of(fields.engine);
  keys.counting = fields.counting;
  keys.fpga = fields.fpga;
  return schema::to_yaml(schema::to_document(keys));
}

}  // namespace hwflow::chip
