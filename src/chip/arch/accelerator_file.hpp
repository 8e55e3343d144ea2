#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/arch/fpga_resources.hpp"
#include "chip/arch/limits.hpp"
#include "chip/arch/schema_names.hpp"
#include "schema/field.hpp"

/// The keys of an accelerator file, before energies are looked up. Private to this room.
namespace hwflow::chip::file {

constexpr schema::Range bits_range() { return schema::between(1, limits::kMostBits); }
constexpr schema::Range energy_range() { return schema::between(0, limits::kMostEnergyPj); }
constexpr schema::Range area_range() { return schema::between(0, limits::kMostAreaUm2); }
constexpr schema::Range bandwidth_range() {
  return schema::between(limits::kLeastBandwidth, limits::kMostBandwidth);
}

struct PartitionKeys {
  std::optional<std::int64_t> weights, inputs, outputs;

  static constexpr auto fields() {
    using T = PartitionKeys;
    using namespace schema;
    return std::tuple{field("weights", &T::weights, bits_range(), "Bits reserved for weights."),
                      field("inputs", &T::inputs, bits_range(), "Bits reserved for inputs."),
                      field("outputs", &T::outputs, bits_range(), "Bits reserved for outputs.")};
  }
};

struct FanoutKeys {
  std::int64_t x = 1, y = 1;
  std::vector<Dim> x_dims, y_dims;
  bool multicast = true, spatial_reduction = true, forwarding = false;
  std::optional<std::string> hop_energy;
  std::optional<double> hop_energy_pj_per_bit;

  static constexpr auto fields() {
    using T = FanoutKeys;
    using namespace schema;
    return std::tuple{
        field("x", &T::x, between(1, limits::kMostMesh), "Columns of the mesh below the level."),
        field("y", &T::y, between(1, limits::kMostMesh), "Rows of the mesh below the level."),
        field("x_dims", &T::x_dims, "Dimensions that may unroll over columns; empty = any."),
        field("y_dims", &T::y_dims, "Dimensions that may unroll over rows; empty = any."),
        field("multicast", &T::multicast, "One read serves all instances that want the word."),
        field("spatial_reduction", &T::spatial_reduction,
              "Partial sums of one output are added on their way up."),
        field("forwarding", &T::forwarding, "Neighbours hand on words that they hold."),
        field("hop_energy", &T::hop_energy, "Entry of the energy table: one hop; none = free."),
        field("hop_energy_pj_per_bit", &T::hop_energy_pj_per_bit, energy_range(),
              "Only with energy_table: inline. Energy of one bit over one hop.")};
  }
};

struct LevelKeys {
  std::string name;
  RoleSet keeps;
  std::optional<std::int64_t> capacity_bits;
  PartitionKeys partition_bits;
  bool unlimited = false;
  std::int64_t word_bits = 16;
  bool whole_words = false, double_buffered = false;
  std::optional<std::string> energy;
  std::int64_t banks = 1;
  std::optional<double> read_energy_pj_per_bit, write_energy_pj_per_bit, leakage_pj_per_cycle;
  std::optional<double> read_bandwidth_bits_per_cycle, write_bandwidth_bits_per_cycle;
  bool shared_port = false;
  std::optional<double> area_um2;
  std::vector<Dim> temporal_dims;
  FanoutKeys fanout;

  static constexpr auto fields() {
    using T = LevelKeys;
    using namespace schema;
    return std::tuple{
        required("name", &T::name, "Name of the level: letters, digits, '_' and '-'."),
        required("keeps", &T::keeps, "What the level stores; the rest bypasses it."),
        field("capacity_bits", &T::capacity_bits, bits_range(),
              "Room of one instance for all kept roles without a partition."),
        field("partition_bits", &T::partition_bits, "Room of one instance reserved for a role."),
        field("unlimited", &T::unlimited, "Says that an inner level has no limit."),
        field("word_bits", &T::word_bits, between(1, limits::kMostWordBits),
              "Bits moved by one access."),
        field("whole_words", &T::whole_words, "A narrower operand costs a whole word."),
        field("double_buffered", &T::double_buffered,
              "Tiles take twice their room, transfers overlap computation."),
        field("energy", &T::energy, "Entry of the energy table that prices one access."),
        field("banks", &T::banks, between(1, limits::kMostBanks),
              "Copies of the entry in one instance: leakage and area multiply."),
        field("read_energy_pj_per_bit", &T::read_energy_pj_per_bit, energy_range(),
              "Only with energy_table: inline. Energy of one bit read."),
        field("write_energy_pj_per_bit", &T::write_energy_pj_per_bit, energy_range(),
              "Only with energy_table: inline. Energy of one bit written."),
        field("leakage_pj_per_cycle", &T::leakage_pj_per_cycle, energy_range(),
              "Only with energy_table: inline. Leakage of one instance."),
        field("read_bandwidth_bits_per_cycle", &T::read_bandwidth_bits_per_cycle, bandwidth_range(),
              "Bits that one instance reads in a cycle; none = unlimited."),
        field("write_bandwidth_bits_per_cycle", &T::write_bandwidth_bits_per_cycle,
              bandwidth_range(), "Bits that one instance writes in a cycle; none = unlimited."),
        field("shared_port", &T::shared_port,
              "Reads and writes share read_bandwidth_bits_per_cycle."),
        field("area_um2", &T::area_um2, area_range(), "Area of one instance; default by entry."),
        field("temporal_dims", &T::temporal_dims,
              "Dimensions that may have temporal loops here; empty = any."),
        field("fanout", &T::fanout, "Mesh between this level and the next one inward.")};
  }
};

struct EngineKeys {
  EngineKind kind;
  std::optional<std::string> energy;
  std::optional<double> mac_energy_pj;
  std::optional<int> reference_weight_bits, reference_input_bits;
  std::optional<ComputeEngine::EnergyScaling> scaling;
  std::optional<double> leakage_pj_per_cycle;
  std::optional<double> area_um2;
  RoleSet operand_registers;

  static constexpr auto fields() {
    using T = EngineKeys;
    using namespace schema;
    return std::tuple{
        inlined(&T::kind),
        field("energy", &T::energy, "Entry of the energy table: one MAC."),
        field("mac_energy_pj", &T::mac_energy_pj, energy_range(),
              "Only with energy_table: inline. Energy of one MAC at the reference widths."),
        field("reference_weight_bits", &T::reference_weight_bits, between(1, 64),
              "Only with energy_table: inline. Weight width of mac_energy_pj."),
        field("reference_input_bits", &T::reference_input_bits, between(1, 64),
              "Only with energy_table: inline. Input width of mac_energy_pj."),
        field("scaling", &T::scaling,
              "Only with energy_table: inline. How MAC energy follows the widths."),
        field("leakage_pj_per_cycle", &T::leakage_pj_per_cycle, energy_range(),
              "Only with energy_table: inline. Leakage of one unit."),
        field("area_um2", &T::area_um2, area_range(), "Area of one unit; default by entry."),
        field("operand_registers", &T::operand_registers,
              "Roles held in a register at the MAC: no read while the same word is used again.")};
  }
};

struct BismoKeys {
  BismoShape shape;
  BismoModel model = BismoModel::trets19;

  static constexpr auto fields() {
    using T = BismoKeys;
    using namespace schema;
    return std::tuple{inlined(&T::shape),
                      field("model", &T::model, "Published set of LUT coefficients.")};
  }
};

struct AcceleratorKeys {
  std::string name, description, source;
  std::string energy_table;
  std::optional<std::string> energy_source, technology;
  std::optional<int> node_nm, scale_to_nm;
  std::optional<double> scale_supply_volt;
  bool count_leakage = true;
  double clock_mhz = 200.0;
  int partial_sum_bits = 32;
  int float_bits = 16;
  std::vector<LevelKeys> levels;
  EngineKeys engine;
  CountingRules counting;
  std::optional<BismoKeys> bismo;
  std::optional<FpgaResources> fpga;

  static constexpr auto fields() {
    using T = AcceleratorKeys;
    using namespace schema;
    return std::tuple{
        required("name", &T::name, "Name of the accelerator."),
        field("description", &T::description, "What it is, in one line."),
        required("source", &T::source, "Where its numbers come from."),
        required("energy_table", &T::energy_table,
                 "The one energy table of all energies, or 'inline' for numbers in this file."),
        field("energy_source", &T::energy_source,
              "Required with energy_table: inline. Where these energies come from."),
        field("technology", &T::technology, "Only with energy_table: inline. Such as '65 nm'."),
        field("node_nm", &T::node_nm, between(1, 10'000),
              "Process node of the accelerator; must be that of the (scaled) energy table."),
        field("scale_to_nm", &T::scale_to_nm, between(1, 10'000),
              "Scales on-chip energies and areas to this node (Stillmaker and Baas, 2017)."),
        field("scale_supply_volt", &T::scale_supply_volt, between(0.1, 10),
              "Supply at which nodes are compared; default 0.8."),
        field("count_leakage", &T::count_leakage, "Take leakage from the energy table."),
        field("clock_mhz", &T::clock_mhz, between(limits::kLeastClockMhz, limits::kMostClockMhz),
              "Clock of cycles."),
        field(
            "partial_sum_bits", &T::partial_sum_bits, between(1, 64),
            "Width of unfinished outputs wherever they are stored; at least that of the operands."),
        field("float_bits", &T::float_bits, between(1, 64),
              "Width that stands for an uncompressed value."),
        required("levels", &T::levels, "Memory levels from DRAM inward."),
        required("engine", &T::engine, "What computes, below the innermost level."),
        field("counting", &T::counting, "Which choices of counting apply."),
        field("bismo", &T::bismo, "Shape of a BISMO overlay: its LUTs and block RAMs are derived."),
        field("fpga", &T::fpga, "LUTs and block RAMs as numbers, where 'bismo' does not apply.")};
  }
};

}  // namespace hwflow::chip::file
