#include "study/codesign_result.hpp"

namespace hwflow::study {

std::string_view name(Objective objective) {
  switch (objective) {
    case Objective::accuracy: return "accuracy";
    case Objective::energy: return "energy";
    case Objective::latency: return "latency";
    case Objective::dram: return "dram";
    case Objective::model_size: return "model_size";
    case Objective::macs: return "macs";
    case Objective::failure_rate: return "failure_rate";
  }
  return "";
}

std::string_view name(Abstraction model) {
  switch (model) {
    case Abstraction::coarse: return "coarse";
    case Abstraction::mid: return "mid";
    case Abstraction::fine: return "fine";
  }
  return "";
}

std::string_view name(Origin origin) {
  switch (origin) {
    case Origin::uniform: return "uniform";
    case Origin::single_step: return "single step";
    case Origin::greedy: return "greedy";
    case Origin::random: return "random";
    case Origin::offspring: return "offspring";
    case Origin::agent: return "agent";
    case Origin::magnitude: return "magnitude";
  }
  return "";
}

double saving(double part, double whole) { return whole > 0.0 ? 1.0 - part / whole : 0.0; }

Saving saving_of(std::size_t pick, const HardwareCost& of_pick, std::size_t baseline,
                 const HardwareCost& of_baseline) {
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return saving(static_cast<double>(part), static_cast<double>(whole));
  };
  return {pick,
          baseline,
          saving(of_pick.energy_pj, of_baseline.energy_pj),
          share(of_pick.cycles, of_baseline.cycles),
          share(of_pick.dram_bits, of_baseline.dram_bits),
          share(of_pick.model_bits, of_baseline.model_bits),
          share(of_pick.macs, of_baseline.macs)};
}

}  // namespace hwflow::study
