#include "chip/arch/energy_reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chip/arch/limits.hpp"

namespace hwflow::chip::timeloop {
namespace {

/// "system.chip.PE[0..167].spad[1..1]": spad.
std::string component_of(const std::string& path) {
  std::string name;
  int depth = 0;
  for (const char c : path) {  // dots within a range are no separators
    if (c == '[') ++depth;
    if (depth == 0) name = c == '.' ? std::string() : name + c;
    if (c == ']') --depth;
  }
  return name;
}

std::optional<double>* energy_of(ActionEnergies& energies, const std::string& action) {
  if (action.find("read") != std::string::npos) return &energies.read;
  if (action.find("update") != std::string::npos) return &energies.update;
  if (action.find("write") != std::string::npos) return &energies.write;
  if (action.find("leak") != std::string::npos) return &energies.leak;
  if (action.find("compute") != std::string::npos || action.find("mac") != std::string::npos)
    return &energies.compute;
  return nullptr;
}

void read_action(const schema::Value& value, const std::string& path, ActionEnergies& energies,
                 Findings& findings) {
  ForeignMap map(&value, path, findings);
  const std::string action = map.text("name").value_or("");
  const auto energy = map.number("energy", 0, limits::kMostEnergyPj);
  map.take("arguments");
  map.finish();
  std::optional<double>* const kept = energy_of(energies, action);
  if (kept == nullptr)
    return findings.note(
        fmt::format("action '{}' of the energy reference table is none that "
                    "is counted",
                    action));
  if (!energy) return map.problem("energy", "is missing");
  if (action.find("metadata") != std::string::npos || action.find("gated") != std::string::npos ||
      action.find("skipped") != std::string::npos)
    return findings.note("actions of sparse storage are passed over: layers are dense");
  *kept = std::max(kept->value_or(0.0), *energy);
}

}  // namespace

std::map<std::string, ActionEnergies> read_energy_reference(const schema::Value& table,
                                                            Findings& findings) {
  std::map<std::string, ActionEnergies> energies;
  ForeignMap map(&table, "ERT", findings);
  map.take("version");
  const auto tables = map.list("tables");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    ForeignMap component(tables[i], fmt::format("ERT.tables[{}]", i), findings);
    ActionEnergies& row = energies[component_of(component.text("name").value_or(""))];
    const auto actions = component.list("actions");
    for (std::size_t a = 0; a < actions.size(); ++a)
      read_action(*actions[a], fmt::format("ERT.tables[{}].actions[{}]", i, a), row, findings);
    component.finish();
  }
  map.finish();
  return energies;
}

}  // namespace hwflow::chip::timeloop
