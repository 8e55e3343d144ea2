#pragma once

#include <optional>

#include "chip/cost/cost.hpp"

namespace hwflow::chip {

struct Bound;

/// Only mappings that cost less than each of these count.
struct Caps {
  std::optional<double> energy_pj, cycles, dram_bits;
};

/// Energies nearer than this are equal: sums of products are rounded differently from the counts.
inline constexpr double kEqualEnergy = 1e-10;

/// The most that a cap leaves: whole cycles and bits, and energies that differ.
[[nodiscard]] double most_energy(double cap);
[[nodiscard]] double most_count(double cap);

[[nodiscard]] bool is_within(const Cost& cost, const Caps& caps);
/// Could something with this bound be within them?
[[nodiscard]] bool may_be_within(const Bound& bound, const Caps& caps);

}  // namespace hwflow::chip
