#include <array>
#include <string>

#include "chip/mapper/candidate_evaluator.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {
namespace {

constexpr std::array kObjectives{Objective::energy, Objective::latency, Objective::edp,
                                 Objective::dram};

}  // namespace

std::string_view name(Objective objective) {
  switch (objective) {
    case Objective::energy: return "energy";
    case Objective::latency: return "latency";
    case Objective::edp: return "edp";
    case Objective::dram: return "dram";
  }
  return "";
}

Expected<Objective> objective_from_name(std::string_view text) {
  std::vector<std::string> names;
  for (const Objective objective : kObjectives) {
    if (name(objective) == text) return objective;
    names.emplace_back(name(objective));
  }
  std::string hint = nearest_name_hint(text, names);
  if (hint.empty()) hint = "one of energy, latency, edp, dram";
  return Unexpected{
      Diagnostics{{"objective", "unknown objective '" + std::string(text) + "'", hint}}};
}

double value_of(const Cost& cost, Objective objective) {
  switch (objective) {
    case Objective::energy: return cost.energy_pj;
    case Objective::latency: return static_cast<double>(cost.cycles);
    case Objective::edp: return cost.edp();
    case Objective::dram: return static_cast<double>(cost.dram_bits);
  }
  return 0.0;
}

double value_of(const Totals& totals, Objective objective) {
  Cost cost;
  cost.energy_pj = totals.energy_pj;
  cost.cycles = totals.cycles;
  cost.dram_bits = totals.dram_bits;
  return value_of(cost, objective);
}

}  // namespace hwflow::chip
