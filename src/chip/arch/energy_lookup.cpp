#include "chip/arch/energy_lookup.hpp"

#include <fmt/format.h>

#include <string_view>

#include "chip/arch/energy_table.hpp"
#include "chip/arch/technology.hpp"

namespace hwflow::chip::file {
namespace {

constexpr std::string_view kInline = "inline";

std::string level_path(std::size_t l, std::string_view key) {
  return fmt::format("levels[{}].{}", l, key);
}

/// With `energy_table: inline` every number stands in the file.
class InlineEnergies {
 public:
  InlineEnergies(const AcceleratorKeys& keys, Diagnostics& problems)
      : keys_(keys), problems_(problems) {}

  void apply(Accelerator::Fields& fields) {
    require(keys_.energy_source.has_value(), "energy_source",
            "needed with energy_table: inline: where the energies come from");
    refuse(keys_.scale_to_nm.has_value(), "scale_to_nm",
           "scales an energy table, not inline numbers");
    fields.technology = keys_.technology.value_or(
        keys_.node_nm ? fmt::format("{} nm", *keys_.node_nm) : std::string("unknown"));
    fields.source += keys_.energy_source ? fmt::format(" Energies: {}", *keys_.energy_source) : "";
    for (std::size_t l = 0; l < keys_.levels.size(); ++l) apply_level(l, fields.levels[l]);
    apply_engine(fields.engine);
  }

 private:
  void require(bool good, const std::string& place, std::string reason) {
    if (!good) problems_.push_back({place, std::move(reason), {}});
  }
  void refuse(bool bad, const std::string& place, std::string reason) {
    require(!bad, place, std::move(reason));
  }

  void apply_level(std::size_t l, MemoryLevel& level) {
    const LevelKeys& keys = keys_.levels[l];
    refuse(keys.energy.has_value(), level_path(l, "energy"),
           "names an entry, but energy_table is inline");
    refuse(keys.fanout.hop_energy.has_value(), level_path(l, "fanout.hop_energy"),
           "names an entry, but energy_table is inline");
    require(keys.read_energy_pj_per_bit.has_value(), level_path(l, "read_energy_pj_per_bit"),
            "needed with energy_table: inline");
    require(keys.write_energy_pj_per_bit.has_value(), level_path(l, "write_energy_pj_per_bit"),
            "needed with energy_table: inline");
    level.read_energy_pj_per_bit = keys.read_energy_pj_per_bit.value_or(0.0);
    level.write_energy_pj_per_bit = keys.write_energy_pj_per_bit.value_or(0.0);
    level.leakage_pj_per_cycle = keys.leakage_pj_per_cycle.value_or(0.0);
    level.area_um2 = keys.area_um2;
    level.fanout.hop_energy_pj_per_bit = keys.fanout.hop_energy_pj_per_bit.value_or(0.0);
  }

  void apply_engine(ComputeEngine& engine) {
    const EngineKeys& keys = keys_.engine;
    refuse(keys.energy.has_value(), "engine.energy", "names an entry, but energy_table is inline");
    require(keys.mac_energy_pj.has_value(), "engine.mac_energy_pj",
            "needed with energy_table: inline");
    require(keys.reference_weight_bits.has_value(), "engine.reference_weight_bits",
            "needed with energy_table: inline");
    require(keys.reference_input_bits.has_value(), "engine.reference_input_bits",
            "needed with energy_table: inline");
    engine.mac_energy_pj = keys.mac_energy_pj.value_or(0.0);
    engine.reference_weight_bits = keys.reference_weight_bits.value_or(1);
    engine.reference_input_bits = keys.reference_input_bits.value_or(1);
    engine.scaling = keys.scaling.value_or(ComputeEngine::EnergyScaling::product);
    engine.leakage_pj_per_cycle = keys.leakage_pj_per_cycle.value_or(0.0);
    engine.area_um2 = keys.area_um2;
  }

  const AcceleratorKeys& keys_;
  Diagnostics& problems_;
};

/// Numbers of one table, scaled to one node.
class TableEnergies {
 public:
  TableEnergies(const EnergyTable& table, const AcceleratorKeys& keys, Diagnostics& problems)
      : table_(table), keys_(keys), problems_(problems) {}

  void apply(Accelerator::Fields& fields) {
    fields.technology = technology();
    refuse_number(keys_.energy_source.has_value(), "energy_source");
    refuse_number(keys_.technology.has_value(), "technology");
    for (std::size_t l = 0; l < keys_.levels.size(); ++l) apply_level(l, fields.levels[l]);
    apply_engine(fields.engine);
  }

 private:
  /// Scales when the file asks for it, and refuses a node that is not the table's.
  std::string technology() {
    if (table_.unit == EnergyTable::Unit::normalised) {
      if (keys_.scale_to_nm) problem("scale_to_nm", "a normalised energy table has no node");
      if (keys_.node_nm) problem("node_nm", "a normalised energy table has no node");
      return "normalised";
    }
    const int from = *table_.node_nm;
    const int to = keys_.scale_to_nm.value_or(from);
    if (keys_.node_nm && *keys_.node_nm != to) {
      problem("node_nm",
              fmt::format("mixed nodes: the accelerator is {} nm, its energies are {} nm",
                          *keys_.node_nm, to),
              fmt::format("write scale_to_nm: {} to scale them", *keys_.node_nm));
    }
    if (!keys_.scale_to_nm) return fmt::format("{} nm", from);
    const double volt = keys_.scale_supply_volt.value_or(kScalingSupplyVolt);
    const auto scaling = node_scaling(from, to, volt);
    if (!scaling) {
      for (const Diagnostic& d : scaling.error()) problem("scale_to_nm", d.reason, d.hint);
      return {};
    }
    scaling_ = *scaling;
    return fmt::format(
        "{} nm, scaled from {} nm at {} V: energy x {:.4g}, area x {:.4g} "
        "(Stillmaker and Baas 2017)",
        to, from, volt, scaling_.energy, scaling_.area);
  }

  void problem(std::string place, std::string reason, std::string hint = {}) {
    problems_.push_back({std::move(place), std::move(reason), std::move(hint)});
  }

  void refuse_number(bool given, const std::string& place) {
    if (!given) return;
    problem(place,
            fmt::format("mixed tables: a number of its own beside energy table '{}'", table_.name),
            "name an entry, or write energy_table: inline and give all numbers");
  }

  /// The entry of this name, or null pointer with the reason told.
  template <class Entry>
  const Entry* find(const std::map<std::string, Entry>& entries, const std::string& name,
                    const std::string& place) {
    const auto entry = entries.find(name);
    if (entry != entries.end()) return &entry->second;
    for (const EnergyTable& other : builtin_energy_tables()) {
      for (const std::string& known : entry_names(other)) {
        if (known != name || other.name == table_.name) continue;
        problem(place, fmt::format("mixed tables: '{}' is an entry of '{}', this accelerator takes "
                                   "its energies from '{}'",
                                   name, other.name, table_.name));
        return nullptr;
      }
    }
    std::vector<std::string> names;
    for (const auto& [known, value] : entries) names.push_back(known);
    std::string hint = nearest_name_hint(name, names);
    if (hint.empty()) hint = fmt::format("entries: {}", fmt::join(names, ", "));
    problem(place,
            fmt::format("energy table '{}' has no entry '{}' of this kind", table_.name, name),
            std::move(hint));
    return nullptr;
  }

  [[nodiscard]] double leakage_pj_per_cycle(double milliwatt) const {
    // 1 mW is 1e9 pJ/s; a cycle takes 1e-6/MHz s.
    return keys_.count_leakage ? milliwatt * 1e3 / keys_.clock_mhz : 0.0;
  }

  void apply_level(std::size_t l, MemoryLevel& level) {
    const LevelKeys& keys = keys_.levels[l];
    refuse_number(keys.read_energy_pj_per_bit.has_value(), level_path(l, "read_energy_pj_per_bit"));
    refuse_number(keys.write_energy_pj_per_bit.has_value(),
                  level_path(l, "write_energy_pj_per_bit"));
    refuse_number(keys.leakage_pj_per_cycle.has_value(), level_path(l, "leakage_pj_per_cycle"));
    refuse_number(keys.fanout.hop_energy_pj_per_bit.has_value(),
                  level_path(l, "fanout.hop_energy_pj_per_bit"));
    apply_hop(l, level.fanout);
    level.area_um2 = keys.area_um2;
    if (!keys.energy) {
      problem(level_path(l, "energy"),
              fmt::format("needs an entry of energy table '{}'", table_.name));
      return;
    }
    const MemoryEnergy* entry = find(table_.memories, *keys.energy, level_path(l, "energy"));
    if (entry == nullptr) return;
    const NodeScaling scale = entry->off_chip ? NodeScaling{} : scaling_;
    const auto bits = static_cast<double>(entry->access_bits);
    const auto banks = static_cast<double>(keys.banks);
    level.banks = keys.banks;
    level.read_energy_pj_per_bit = entry->read_energy_pj * scale.energy / bits;
    level.write_energy_pj_per_bit = entry->write_energy_pj * scale.energy / bits;
    level.leakage_pj_per_cycle = leakage_pj_per_cycle(entry->leakage_mw * scale.energy) * banks;
    if (!level.area_um2 && entry->area_um2) level.area_um2 = *entry->area_um2 * scale.area * banks;
  }

  void apply_hop(std::size_t l, Fanout& fanout) {
    const auto& name = keys_.levels[l].fanout.hop_energy;
    if (!name) return;
    const WireEnergy* entry = find(table_.wires, *name, level_path(l, "fanout.hop_energy"));
    if (entry == nullptr) return;
    fanout.hop_energy_pj_per_bit =
        entry->hop_energy_pj * scaling_.energy / static_cast<double>(entry->bits);
  }

  void apply_engine(ComputeEngine& engine) {
    const EngineKeys& keys = keys_.engine;
    refuse_number(keys.mac_energy_pj.has_value(), "engine.mac_energy_pj");
    refuse_number(keys.reference_weight_bits.has_value(), "engine.reference_weight_bits");
    refuse_number(keys.reference_input_bits.has_value(), "engine.reference_input_bits");
    refuse_number(keys.scaling.has_value(), "engine.scaling");
    refuse_number(keys.leakage_pj_per_cycle.has_value(), "engine.leakage_pj_per_cycle");
    engine.reference_weight_bits = engine.reference_input_bits = 1;  // until an entry says better
    if (!keys.energy) {
      problem("engine.energy", fmt::format("needs an entry of energy table '{}'", table_.name));
      return;
    }
    const MacEnergy* entry = find(table_.macs, *keys.energy, "engine.energy");
    if (entry == nullptr) return;
    engine.mac_energy_pj = entry->energy_pj * scaling_.energy;
    engine.reference_weight_bits = entry->weight_bits;
    engine.reference_input_bits = entry->input_bits;
    engine.scaling = entry->scaling;
    engine.leakage_pj_per_cycle = leakage_pj_per_cycle(entry->leakage_mw * scaling_.energy);
    engine.area_um2 = keys.area_um2;
    if (!engine.area_um2 && entry->area_um2) engine.area_um2 = *entry->area_um2 * scaling_.area;
  }

  const EnergyTable& table_;
  const AcceleratorKeys& keys_;
  Diagnostics& problems_;
  NodeScaling scaling_;
};

}  // namespace

void look_up_energies(const AcceleratorKeys& keys, Accelerator::Fields& fields,
                      Diagnostics& problems) {
  if (keys.energy_table == kInline) {
    InlineEnergies(keys, problems).apply(fields);
    return;
  }
  const EnergyTable* table = find_energy_table(keys.energy_table);
  if (table != nullptr) {
    TableEnergies(*table, keys, problems).apply(fields);
    return;
  }
  std::vector<std::string> names{std::string(kInline)};
  for (const EnergyTable& known : builtin_energy_tables()) names.push_back(known.name);
  std::string hint = nearest_name_hint(keys.energy_table, names);
  if (hint.empty()) hint = fmt::format("known: {}", fmt::join(names, ", "));
  problems.push_back(
      {"energy_table", fmt::format("no energy table '{}'", keys.energy_table), std::move(hint)});
}

}  // namespace hwflow::chip::file
