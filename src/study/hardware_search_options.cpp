#include "study/hardware_search_options.hpp"

namespace hwflow::study {
namespace {

template <class Enum>
std::string_view name_of(Enum value) {
  for (const auto& [name, known] : enum_names(value)) {
    if (known == value) return name;
  }
  return "";
}

}  // namespace

std::string_view name(HardwareObjective objective) { return name_of(objective); }
std::string_view name(DesignSpaceKind kind) { return name_of(kind); }
std::string_view name(SearchOrder order) { return name_of(order); }

std::optional<double> HardwareTargets::of(HardwareObjective objective) const {
  switch (objective) {
    case HardwareObjective::latency: return latency;
    case HardwareObjective::dram: return dram;
    case HardwareObjective::lut: return lut;
    case HardwareObjective::bram: return bram;
    case HardwareObjective::energy: return energy;
    case HardwareObjective::area: return area;
  }
  return std::nullopt;
}

std::vector<HardwareObjective> HardwareSearchOptions::effective_objectives() const {
  using enum HardwareObjective;
  if (!objectives.empty()) return objectives;
  if (space == DesignSpaceKind::overlay) return {latency, dram, lut, bram};
  return {energy, latency, area};
}

}  // namespace hwflow::study
