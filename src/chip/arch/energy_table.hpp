#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/limits.hpp"
#include "chip/arch/schema_names.hpp"
#include "schema/field.hpp"

namespace hwflow::chip {

/// Energy of one access to a memory of one size.
struct MemoryEnergy {
  std::int64_t access_bits = 16;
  double read_energy_pj = 0.0;
  double write_energy_pj = 0.0;
  double leakage_mw = 0.0;
  std::optional<double> area_um2;
  bool off_chip = false;
  std::string note;

  static constexpr auto fields() {
    using T = MemoryEnergy;
    using namespace schema;
    return std::tuple{
        required("access_bits", &T::access_bits, between(1, limits::kMostWordBits),
                 "Bits that one access moves."),
        required("read_energy_pj", &T::read_energy_pj, between(0, limits::kMostEnergyPj),
                 "Energy of one read access."),
        required("write_energy_pj", &T::write_energy_pj, between(0, limits::kMostEnergyPj),
                 "Energy of one write access."),
        field("leakage_mw", &T::leakage_mw, between(0, limits::kMostEnergyPj),
              "Leakage power of the memory."),
        field("area_um2", &T::area_um2, between(0, limits::kMostAreaUm2), "Area of the memory."),
        field("off_chip", &T::off_chip, "Outside the chip: node scaling leaves it alone."),
        field("note", &T::note, "What was measured, and where the number stands.")};
  }
};

/// Energy of moving bits over one hop of a network on chip.
struct WireEnergy {
  std::int64_t bits = 16;
  double hop_energy_pj = 0.0;
  std::string note;

  static constexpr auto fields() {
    using T = WireEnergy;
    using namespace schema;
    return std::tuple{required("bits", &T::bits, between(1, limits::kMostWordBits),
                               "Bits that the energy is for."),
                      required("hop_energy_pj", &T::hop_energy_pj,
                               between(0, limits::kMostEnergyPj), "Energy of one hop."),
                      field("note", &T::note, "What was measured, and where the number stands.")};
  }
};

/// Energy of one multiply-accumulate and how it follows the widths.
struct MacEnergy {
  double energy_pj = 0.0;
  int weight_bits = 16;
  int input_bits = 16;
  ComputeEngine::EnergyScaling scaling = ComputeEngine::EnergyScaling::product;
  double leakage_mw = 0.0;
  std::optional<double> area_um2;
  std::string note;

  static constexpr auto fields() {
    using T = MacEnergy;
    using namespace schema;
    return std::tuple{
        required("energy_pj", &T::energy_pj, between(0, limits::kMostEnergyPj),
                 "Energy of one MAC at these widths."),
        required("weight_bits", &T::weight_bits, between(1, 64), "Width of the weight."),
        required("input_bits", &T::input_bits, between(1, 64), "Width of the input."),
        field("scaling", &T::scaling,
              "How energy follows other widths: with their product, or not."),
        field("leakage_mw", &T::leakage_mw, between(0, limits::kMostEnergyPj),
              "Leakage power of one unit."),
        field("area_um2", &T::area_um2, between(0, limits::kMostAreaUm2), "Area of one unit."),
        field("note", &T::note, "What was measured, and where the number stands.")};
  }
};

/// Energies of one technology from one set of sources. An accelerator takes all its numbers from
/// one table, so that they can be compared with each other.
struct EnergyTable {
  enum class Unit : std::uint8_t {
    pj,
    normalised,  ///< keys say pj, numbers are multiples of one MAC
  };
  std::string name;
  std::string description;
  std::string source;
  Unit unit = Unit::pj;
  std::optional<int> node_nm;
  std::optional<double> supply_volt;
  std::map<std::string, MemoryEnergy> memories;
  std::map<std::string, WireEnergy> wires;
  std::map<std::string, MacEnergy> macs;

  static constexpr auto fields() {
    using T = EnergyTable;
    using namespace schema;
    return std::tuple{
        required("name", &T::name, "Name of the table; the file is called NAME.yaml."),
        field("description", &T::description, "What the numbers are, in one sentence."),
        required("source", &T::source, "Where the numbers come from."),
        required("unit", &T::unit, "pj, or normalised to the energy of one MAC."),
        field("node_nm", &T::node_nm, between(1, 10'000),
              "Process node; required when the unit is pj."),
        field("supply_volt", &T::supply_volt, between(0.1, 10),
              "Supply, where the source says it."),
        field("memories", &T::memories, "Memories by name."),
        field("wires", &T::wires, "Links of a network on chip by name."),
        field("macs", &T::macs, "Multiply-accumulate units by name.")};
  }
};

/// Names of all entries of a table.
[[nodiscard]] std::vector<std::string> entry_names(const EnergyTable& table);

/// Errors  every problem of the text at once, with its line.
[[nodiscard]] Expected<EnergyTable> parse_energy_table(std::string_view yaml_text,
                                                       std::string_view origin);
/// The tables of accelerators/energy/, compiled in; sorted by name.
[[nodiscard]] const std::vector<EnergyTable>& builtin_energy_tables();
/// Null pointer when there is none of this name.
[[nodiscard]] const EnergyTable* find_energy_table(std::string_view name);

}  // namespace hwflow::chip

namespace hwflow::schema {

template <>
struct EnumNames<chip::EnergyTable::Unit> {
  static constexpr auto names() {
    using Unit = chip::EnergyTable::Unit;
    return std::array{std::pair{std::string_view{"pj"}, Unit::pj},
                      std::pair{std::string_view{"normalised"}, Unit::normalised}};
  }
};

}  // namespace hwflow::schema
