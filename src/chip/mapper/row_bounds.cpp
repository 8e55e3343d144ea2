#include "chip/mapper/row_bounds.hpp"

#include "chip/mapper/row_kernels.hpp"

namespace hwflow::chip {

RowBounds::RowBounds(const CostSums& sums, Objective objective, const Caps& caps)
    : sums_(sums), objective_(objective), caps_(caps) {}

bool RowBounds::is_timed() const {
  const bool has_energy = objective_ == Objective::energy || caps_.energy_pj;
  return objective_ == Objective::latency || objective_ == Objective::edp || caps_.cycles ||
         (has_energy && sums_.leakage_pj_per_cycle > 0.0);
}

/// sum[i] = fixed + sum over the terms of coefficient * product * value of row i.
void RowBounds::weigh(const TermSum& terms, const std::vector<double>& products, const List& list,
                      double fixed, std::vector<double>& sum) {
  weights_.assign(list.columns(), 0.0);
  for (const TermShare& share : terms)
    weights_[list.column_of[share.term]] += share.coefficient * products[share.term];
  sum.assign(list.size, fixed);
  for (std::size_t c = 0; c < list.columns(); ++c)
    if (weights_[c] != 0.0) rows::add_scaled(weights_[c], list.column(c), list.size, sum.data());
}

void RowBounds::find(const List& list, const Beside& beside, std::vector<double>& bounds) {
  if (is_timed()) weigh_cycles(list, beside);
  switch (objective_) {
    case Objective::dram:
      weigh(sums_.dram_bits, beside.products, list, sums_.fixed_dram_bits, bounds);
      break;
    case Objective::latency: bounds = cycles_; break;
    case Objective::energy:
    case Objective::edp:
      weigh_energy(list, beside, bounds);
      if (objective_ == Objective::edp) rows::multiply(cycles_.data(), list.size, bounds.data());
      break;
  }
  for (const CostSums::Limit& limit : sums_.limits) {
    weigh(limit.sum, beside.products, list, 0.0, sum_);
    rows::forbid_above(sum_.data(), limit.room * (1.0 + 1e-12), list.size, bounds.data());
  }
  apply_caps(list, beside, bounds);
  for (std::size_t a = 0; a < beside.mesh.size(); ++a)
    rows::forbid_above(list.used_on(a), static_cast<std::int32_t>(beside.mesh[a]), list.size,
                       bounds.data());
}

void RowBounds::weigh_energy(const List& list, const Beside& beside, std::vector<double>& energy) {
  weigh(sums_.energy, beside.products, list, sums_.fixed_energy_pj, energy);
  if (sums_.leakage_pj_per_cycle > 0.0)
    rows::add_scaled(sums_.leakage_pj_per_cycle, cycles_.data(), list.size, energy.data());
}

void RowBounds::apply_caps(const List& list, const Beside& beside, std::vector<double>& bounds) {
  const auto forbid = [&](const std::vector<double>& values, double most) {
    rows::forbid_above(values.data(), most * (1.0 + 1e-12), list.size, bounds.data());
  };
  if (caps_.cycles) forbid(cycles_, most_count(*caps_.cycles));
  if (caps_.dram_bits) {
    weigh(sums_.dram_bits, beside.products, list, sums_.fixed_dram_bits, sum_);
    forbid(sum_, most_count(*caps_.dram_bits));
  }
  if (caps_.energy_pj) {
    weigh_energy(list, beside, sum_);
    forbid(sum_, most_energy(*caps_.energy_pj));
  }
}

void RowBounds::weigh_cycles(const List& list, const Beside& beside) {
  bool first = true;
  for (const auto& group : sums_.cycles) {
    std::vector<double>& longest = first ? cycles_ : longest_;
    weigh(group[0], beside.products, list, 0.0, longest);
    for (std::size_t s = 1; s < group.size(); ++s) {
      weigh(group[s], beside.products, list, 0.0, sum_);
      rows::raise(sum_.data(), list.size, longest.data());
    }
    if (!first) rows::add_scaled(1.0, longest_.data(), list.size, cycles_.data());
    first = false;
  }
  // Whatever is still open is spread over the mesh that is left, at best.
  const TermShare& steps = sums_.cycles[0][0][0];
  units_.assign(list.size, 1.0);
  for (std::size_t a = 0; a < beside.mesh.size(); ++a)
    rows::multiply_room(list.used_on(a), static_cast<std::int32_t>(beside.mesh[a]), list.size,
                        units_.data());
  rows::raise_to_steps(steps.coefficient * beside.decided_steps, list.of(steps.term), beside.open,
                       units_.data(), list.size, cycles_.data());
}

}  // namespace hwflow::chip
