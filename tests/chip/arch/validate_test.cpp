#include "chip/arch/validate.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/chip/arch/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::kAllRoles;
using samples::small_fields;

struct Refusal {
  std::function<void(Accelerator::Fields&)> spoil;
  std::string message;
};

std::vector<Refusal> level_refusals() {
  return {
      {[](auto& f) { f.levels.clear(); },
       "levels: an accelerator needs at least one memory level\n"},
      {[](auto& f) { f.levels[0].keeps.has[1] = false; },
       "levels[0].keeps: the first level is the outside memory and must keep weights, inputs and "
       "outputs\n"},
      {[](auto& f) { f.levels[0].capacity_bits = 1; },
       "levels[0].capacity_bits: the first level is the outside memory: its room is unlimited\n"},
      {[](auto& f) { f.levels[0].partition_bits[0] = 1; },
       "levels[0].capacity_bits: the first level is the outside memory: its room is unlimited\n"},
      {[](auto& f) { f.levels[1].name = "RF"; },
       "levels[2].name: 'RF' is also the name of levels[1]\n"},
      {[](auto& f) { f.levels[1].name = "a b"; },
       "levels[1].name: 'a b' is not a name of letters, digits, '_' and '-'\n"},
      {[](auto& f) { f.levels[2].keeps = RoleSet{}; },
       "levels[2].keeps: a level must keep at least one role\n"},
      {[](auto& f) { f.levels[2].partition_bits[1] = 16; },
       "levels[2].partition_bits.inputs: reserves room for inputs, which the level does not "
       "keep\n"},
      {[](auto& f) {
         f.levels[1].partition_bits = {8, 8, 8};
       },
       "levels[1].capacity_bits: no role shares it: every kept role has its own partition\n"},
      {[](auto& f) { f.levels[1].word_bits = 0; }, "levels[1].word_bits: must be >= 1, got 0\n"},
      {[](auto& f) { f.levels[1].read_energy_pj_per_bit = -1; },
       "levels[1].read_energy_pj_per_bit: must be a number from 0 to 1000000000, got -1\n"},
      {[](auto& f) {
         f.levels[1].write_energy_pj_per_bit = std::numeric_limits<double>::infinity();
       },
       "levels[1].write_energy_pj_per_bit: must be a number from 0 to 1000000000, got inf\n"},
      {[](auto& f) { f.levels[1].read_bandwidth_bits_per_cycle = 0.0; },
       "levels[1].read_bandwidth_bits_per_cycle: must be a number from 0.001 to 1000000000000, got "
       "0\n"},
      {[](auto& f) { f.levels[1].shared_port = true; },
       "levels[1].shared_port: needs read_bandwidth_bits_per_cycle\n"},
      {[](auto& f) {
         f.levels[1].shared_port = true;
         f.levels[1].read_bandwidth_bits_per_cycle = 64;
         f.levels[1].write_bandwidth_bits_per_cycle = 64;
       },
       "levels[1].write_bandwidth_bits_per_cycle: a shared port has one bandwidth, "
       "read_bandwidth_bits_per_cycle\n"},
      {[](auto& f) { f.levels[1].leakage_pj_per_cycle = -0.5; },
       "levels[1].leakage_pj_per_cycle: must be a number from 0 to 1000000000, got -0.5\n"},
      {[](auto& f) { f.levels[1].area_um2 = -3; },
       "levels[1].area_um2: must be a number from 0 to 1000000000000000, got -3\n"},
      {[](auto& f) {
         f.levels[1].temporal_dims = {Dim::k, Dim::c, Dim::k};
       },
       "levels[1].temporal_dims: names dimension 'k' twice\n"},
      {[](auto& f) {
         f.levels[1].fanout.y_dims = {Dim::r, Dim::r};
       },
       "levels[1].fanout.y_dims: names dimension 'r' twice\n"},
      {[](auto& f) { f.levels[1].fanout.y = -2; }, "levels[1].fanout.y: must be >= 1, got -2\n"},
      {[](auto& f) { f.levels[1].fanout.hop_energy_pj_per_bit = -1; },
       "levels[1].fanout.hop_energy_pj_per_bit: must be a number from 0 to 1000000000, got -1\n"},
      {[](auto& f) { f.levels[1].write_bandwidth_bits_per_cycle = 1e-30; },
       "levels[1].write_bandwidth_bits_per_cycle: must be a number from 0.001 to 1000000000000, "
       "got "
       "1e-30\n"},
      {[](auto& f) { f.levels[1].capacity_bits = (std::int64_t{1} << 53) + 1; },
       "levels[1].capacity_bits: must be <= 9007199254740992, got 9007199254740993\n"},
      {[](auto& f) { f.levels[1].word_bits = 65537; },
       "levels[1].word_bits: must be <= 65536, got 65537\n"},
      {[](auto& f) {
         MemoryLevel level = f.levels[2];
         for (int i = 0; i < 62; ++i) {
           level.name = "L" + std::to_string(i);
           f.levels.push_back(level);
         }
         for (MemoryLevel& each : f.levels) each.fanout = Fanout{};
       },
       "levels: has 65 memory levels, at most 64 are modelled\n"},
      {[](auto& f) { f.levels[1].fanout.x = f.levels[1].fanout.y = std::int64_t{1} << 20; },
       "levels[1].fanout: makes more than 1048576 compute units\n"},
  };
}

std::vector<Refusal> engine_refusals() {
  return {
      {[](auto& f) { f.engine.kind = BitParallelEngine{0}; },
       "engine.width_bits: must be a width of 1 to 64 bits, got 0\n"},
      {[](auto& f) { f.engine.kind = BitParallelEngine{8}; },
       "engine.reference_weight_bits: the engine cannot compute its own reference widths 16 x "
       "16\n"},
      {[](auto& f) {
         f.engine.kind = BitSerialEngine{0, 99};
       },
       "engine.digit_weights: must be a width of 1 to 64 bits, got 0\n"
       "engine.digit_inputs: must be a width of 1 to 64 bits, got 99\n"},
      {[](auto& f) {
         f.engine.kind = VectorisedEngine{8, {4, 2, 8}};
       },
       "engine.supported_bits: must be a rising list of widths\n"},
      {[](auto& f) {
         f.engine.kind = VectorisedEngine{8, {3, 8}};
       },
       "engine.supported_bits: 3 does not divide width_bits 8\n"},
      {[](auto& f) {
         f.engine.kind = VectorisedEngine{8, {2, 4}};
       },
       "engine.supported_bits: the widest must be width_bits 8\n"},
      {[](auto& f) { f.engine.mac_energy_pj = -1; },
       "engine.mac_energy_pj: must be a number from 0 to 1000000000, got -1\n"},
      {[](auto& f) { f.engine.reference_input_bits = 0; },
       "engine.reference_input_bits: must be a width of 1 to 64 bits, got 0\n"},
      {[](auto& f) { f.clock_mhz = 0; },
       "clock_mhz: must be a number from 0.001 to 1000000, got 0\n"},
      {[](auto& f) { f.partial_sum_bits = 65; },
       "partial_sum_bits: must be a width of 1 to 64 bits, got 65\n"},
      {[](auto& f) { f.partial_sum_bits = 1; },
       "partial_sum_bits: 1 bits cannot hold a sum of products of 16-bit operands (at least 16; 32 "
       "keep whole products)\n"},
      {[](auto& f) {
         f.fpga = FpgaResources{-1.0, -2};
       },
       "fpga.lut: must be a number from 0 to 1000000000000, got -1\n"
       "fpga.bram36: must be >= 0, got -2\n"},
  };
}

TEST(Validate, FindsNothingWrongWithAnAccelerator) {
  EXPECT_EQ(to_text(validate(small_fields())), "");
  Accelerator::Fields partitioned = small_fields();
  partitioned.levels[1].partition_bits[index(Role::weights)] = 128;
  EXPECT_EQ(to_text(validate(partitioned)), "");
}

TEST(Validate, RefusesEachWrongFieldWithItsMessage) {
  for (const auto& table : {level_refusals(), engine_refusals()}) {
    for (const Refusal& refusal : table) {
      Accelerator::Fields fields = small_fields();
      refusal.spoil(fields);
      EXPECT_EQ(to_text(validate(fields)), refusal.message);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
