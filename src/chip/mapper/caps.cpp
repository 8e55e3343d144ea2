#include "chip/mapper/caps.hpp"

#include <cmath>

#include "chip/mapper/bound_model.hpp"

namespace hwflow::chip {
namespace {

bool keeps(const Bound& least, const Caps& caps, double slack) {
  return (!caps.energy_pj || least.energy_pj <= most_energy(*caps.energy_pj) * slack) &&
         (!caps.cycles || least.cycles <= most_count(*caps.cycles) * slack) &&
         (!caps.dram_bits || least.dram_bits <= most_count(*caps.dram_bits) * slack);
}

}  // namespace

double most_energy(double cap) { return cap * (1.0 - kEqualEnergy); }
double most_count(double cap) { return std::ceil(cap) - 1.0; }

bool is_within(const Cost& cost, const Caps& caps) {
  return keeps(
      {cost.energy_pj, static_cast<double>(cost.cycles), static_cast<double>(cost.dram_bits)}, caps,
      1.0);
}

bool may_be_within(const Bound& bound, const Caps& caps) {
  constexpr double kRounding = 1.0 + 1e-12;
  return keeps(bound, caps, kRounding);
}

}  // namespace hwflow::chip
