#include <gtest/gtest.h>

#include "chip/arch/accelerator_format.hpp"
#include "tests/chip/arch/samples.hpp"

namespace hwflow::chip {
namespace {

/// Everything that a file can say, with values that no default has.
Accelerator::Fields full_fields() {
  Accelerator::Fields fields = samples::small_fields();
  fields.description = "a: 'description' with # signs";
  fields.source = "two\nlines";
  fields.technology = "65 nm";
  fields.clock_mhz = 123.456789;
  fields.partial_sum_bits = 24;
  fields.float_bits = 32;
  fields.counting = CountingRules{false, true, true, false, false};
  fields.fpga = FpgaResources{12.5, 3};
  fields.levels[0].read_bandwidth_bits_per_cycle = 19.2;
  fields.levels[0].shared_port = true;
  MemoryLevel& buffer = fields.levels[1];
  buffer.partition_bits[index(Role::outputs)] = 77;
  buffer.word_bits = 64;
  buffer.whole_words = buffer.double_buffered = true;
  buffer.read_energy_pj_per_bit = 0.1;
  buffer.write_energy_pj_per_bit = 1.0 / 3.0;
  buffer.write_bandwidth_bits_per_cycle = 7.5;
  buffer.leakage_pj_per_cycle = 1e-9;
  buffer.area_um2 = 1e7;
  buffer.temporal_dims = {Dim::n, Dim::g};
  buffer.fanout.x_dims = {Dim::k};
  buffer.fanout.y_dims = {Dim::c, Dim::r};
  buffer.fanout.multicast = buffer.fanout.spatial_reduction = false;
  buffer.fanout.forwarding = true;
  buffer.fanout.hop_energy_pj_per_bit = 0.7;
  fields.levels[2].capacity_bits.reset();  // an inner level without limit
  fields.engine.mac_energy_pj = 0.04;
  fields.engine.reference_weight_bits = 8;
  fields.engine.reference_input_bits = 4;
  fields.engine.scaling = ComputeEngine::EnergyScaling::constant;
  fields.engine.operand_registers = RoleSet{{true, false, true}};
  fields.engine.leakage_pj_per_cycle = 0.25;
  fields.engine.area_um2 = 99;
  return fields;
}

TEST(AcceleratorWriter, ParsesBackToTheSameFields) {
  for (const EngineKind& kind :
       {EngineKind{BitParallelEngine{24}}, EngineKind{BitSerialEngine{2, 3}},
        EngineKind{VectorisedEngine{16, {1, 4, 16}, VectorisedEngine::Fusion::lanes}}}) {
    Accelerator::Fields fields = full_fields();
    fields.energy_table = "somewhere";
    fields.engine.kind = kind;
    const Accelerator accelerator = Accelerator::make(fields).value();
    const auto again = parse_accelerator(accelerator_to_yaml(accelerator), "again");
    ASSERT_TRUE(again.has_value()) << to_text(again.error());
    EXPECT_EQ(again->key(), accelerator.key());
    fields.energy_table = "inline";
    fields.source += " Energies: somewhere";  // the table that they came from
    EXPECT_EQ(again->fields(), fields);
  }
}

}  // namespace
}  // namespace hwflow::chip
