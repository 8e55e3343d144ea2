#include "chip/arch/accelerator.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/chip/arch/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::small_fields;

TEST(Accelerator, CountsInstancesAsProductOfTheFanoutsAbove) {
  const Accelerator accelerator = Accelerator::make(small_fields()).value();
  EXPECT_EQ(accelerator.instances(0), 1);
  EXPECT_EQ(accelerator.instances(1), 1);      // DRAM has no fan-out
  EXPECT_EQ(accelerator.instances(2), 4 * 3);  // below the mesh
  EXPECT_EQ(accelerator.compute_units(), 4 * 3 * 2);
  EXPECT_THROW((void)accelerator.instances(3), InternalError);
}

TEST(Accelerator, MakeReportsEveryProblem) {
  Accelerator::Fields fields = small_fields();
  fields.name.clear();
  fields.levels[1].capacity_bits = -8;
  fields.levels[2].fanout.x = 0;
  const auto made = Accelerator::make(fields);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(to_text(made.error()),
            "name: must not be empty\n"
            "levels[1].capacity_bits: must be >= 1, got -8\n"
            "levels[2].fanout.x: must be >= 1, got 0\n");
}

/// The law behind the cache: whatever changes a cost changes the key, names and texts do not.
TEST(AcceleratorKey, DiffersForEveryFieldThatMattersForCost) {
  using Change = std::function<void(Accelerator::Fields&)>;
  const std::vector<Change> changes{
      [](auto& f) { f.clock_mhz = 201; },
      [](auto& f) { f.partial_sum_bits = 24; },
      [](auto& f) { f.float_bits = 32; },
      [](auto& f) { f.levels[1].keeps.has[0] = false; },
      [](auto& f) { f.levels[1].capacity_bits = 8193; },
      [](auto& f) { f.levels[1].partition_bits[2] = 5; },
      [](auto& f) { f.levels[1].word_bits = 8; },
      [](auto& f) { f.levels[1].whole_words = true; },
      [](auto& f) { f.levels[1].double_buffered = true; },
      [](auto& f) { f.levels[1].read_energy_pj_per_bit = 0.1; },
      [](auto& f) { f.levels[1].write_energy_pj_per_bit = 0.1; },
      [](auto& f) { f.levels[1].read_bandwidth_bits_per_cycle = 64; },
      [](auto& f) { f.levels[1].write_bandwidth_bits_per_cycle = 64; },
      [](auto& f) {
        f.levels[1].read_bandwidth_bits_per_cycle = 64;
        f.levels[1].shared_port = true;
      },
      [](auto& f) { f.levels[1].leakage_pj_per_cycle = 0.5; },
      [](auto& f) { f.levels[1].area_um2 = 7; },
      [](auto& f) { f.levels[1].temporal_dims = {Dim::k}; },
      [](auto& f) { std::swap(f.levels[1].fanout.x, f.levels[1].fanout.y); },
      [](auto& f) { f.levels[1].fanout.x_dims = {Dim::k}; },
      [](auto& f) { f.levels[1].fanout.y_dims = {Dim::k}; },
      [](auto& f) { f.levels[1].fanout.multicast = false; },
      [](auto& f) { f.levels[1].fanout.spatial_reduction = false; },
      [](auto& f) { f.levels[1].fanout.forwarding = true; },
      [](auto& f) { f.levels[1].fanout.hop_energy_pj_per_bit = 0.25; },
      [](auto& f) { f.engine.mac_energy_pj = 2.5; },
      [](auto& f) { f.engine.reference_weight_bits = 8; },
      [](auto& f) { f.engine.reference_input_bits = 8; },
      [](auto& f) { f.engine.scaling = ComputeEngine::EnergyScaling::constant; },
      [](auto& f) { f.engine.operand_registers.has[1] = true; },
      [](auto& f) { f.engine.leakage_pj_per_cycle = 1; },
      [](auto& f) {
        f.engine.kind = BitSerialEngine{1, 1};
      },
      [](auto& f) {
        f.engine.kind = BitSerialEngine{2, 1};
      },
      [](auto& f) {
        f.engine.kind = VectorisedEngine{16, {4, 8, 16}};
      },
      [](auto& f) {
        f.engine.kind = VectorisedEngine{16, {8, 16}};
      },
      [](auto& f) {
        f.engine.kind = VectorisedEngine{16, {8, 16}, VectorisedEngine::Fusion::lanes};
      },
      [](auto& f) { f.counting.halo_reuse = false; },
      [](auto& f) { f.counting.fetch_stride_gaps = true; },
      [](auto& f) { f.counting.fetch_padding = true; },
      [](auto& f) { f.counting.skip_first_partial_sum_read = false; },
      [](auto& f) { f.counting.count_drain_reads = false; },
      [](auto& f) { f.counting.skip_only_update_read = true; },
      [](auto& f) { f.counting.move_every_turn = true; },
      [](auto& f) { f.counting.whole_transfers = true; },
      [](auto& f) { f.levels.pop_back(); },
  };
  std::set<std::string> keys{Accelerator::make(small_fields()).value().key()};
  for (const Change& change : changes) {
    Accelerator::Fields fields = small_fields();
    change(fields);
    const Accelerator changed = Accelerator::make(fields).value();
    EXPECT_TRUE(keys.insert(changed.key()).second) << changed.key();
  }
}

TEST(AcceleratorKey, IgnoresNamesAndTexts) {
  const std::string key = Accelerator::make(small_fields()).value().key();
  Accelerator::Fields fields = small_fields();
  fields.name = "other";
  for (std::string* text :
       {&fields.description, &fields.source, &fields.technology, &fields.energy_table}) {
    *text += " changed";
  }
  EXPECT_EQ(Accelerator::make(fields).value().key(), key);
}

}  // namespace
}  // namespace hwflow::chip
