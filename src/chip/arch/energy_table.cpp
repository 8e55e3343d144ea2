#include "chip/arch/energy_table.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "chip/arch/embedded_files.hpp"
#include "schema/schema.hpp"

namespace hwflow::chip {

std::vector<std::string> entry_names(const EnergyTable& table) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : table.memories) names.push_back(name);
  for (const auto& [name, entry] : table.wires) names.push_back(name);
  for (const auto& [name, entry] : table.macs) names.push_back(name);
  return names;
}

Expected<EnergyTable> parse_energy_table(std::string_view yaml_text, std::string_view origin) {
  auto document = schema::parse_yaml(yaml_text, origin);
  if (!document) return Unexpected{std::move(document).error()};
  auto table = schema::read_document<EnergyTable>(std::move(*document), origin);
  if (!table) return table;
  if (table->unit == EnergyTable::Unit::pj && !table->node_nm) {
    return Unexpected{Diagnostics{
        {std::string(origin), "a table in pj needs node_nm", "unit: normalised has no node"}}};
  }
  return table;
}

const std::vector<EnergyTable>& builtin_energy_tables() {
  static const std::vector<EnergyTable> kTables = [] {
    std::vector<EnergyTable> tables;
    for (const EmbeddedFile& file : embedded_energy_tables()) {
      auto table = parse_energy_table(file.text, fmt::format("{}.yaml", file.name));
      HWFLOW_CHECK(table.has_value(), to_text(table.error()));
      HWFLOW_CHECK(table->name == file.name, "an energy table is not called as its file");
      tables.push_back(std::move(*table));
    }
    return tables;
  }();
  return kTables;
}

const EnergyTable* find_energy_table(std::string_view name) {
  for (const EnergyTable& table : builtin_energy_tables()) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace hwflow::chip
