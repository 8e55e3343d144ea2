#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/cost/cost.hpp"

namespace hwflow::chip {

/// Words, and the bits they amount to at the widths that they have there.
struct Moved {
  std::int64_t words = 0, bits = 0;
  Moved& operator+=(const Moved& more);
  bool operator==(const Moved&) const = default;
};
[[nodiscard]] Moved operator*(std::int64_t times, const Moved& moved);

/// What one role moves at one level, all instances together. The outer side of the buffer is the
/// DRAM port, where a value counts once for each width that it is stored at.
struct RoleTraffic {
  Moved fills;    ///< into the level from its outer side
  Moved drains;   ///< out of it to the outer side (outputs)
  Moved reads;    ///< out of it towards the MACs, partial sums read back among them
  Moved updates;  ///< into it from the side of the MACs (outputs and partial sums)
  RoleTraffic& operator+=(const RoleTraffic& more);
  bool operator==(const RoleTraffic&) const = default;
};

struct LevelTraffic {
  std::array<RoleTraffic, kRoleCount> roles{};
  [[nodiscard]] RoleTraffic& of(Role role) { return roles[index(role)]; }
  [[nodiscard]] const RoleTraffic& of(Role role) const { return roles[index(role)]; }
  [[nodiscard]] std::int64_t read_bits() const;     ///< reads and drains
  [[nodiscard]] std::int64_t written_bits() const;  ///< fills and updates
  LevelTraffic& operator+=(const LevelTraffic& more);
  bool operator==(const LevelTraffic&) const = default;
};

/// Adds `times` runs of a mapped layer, from level `first` of its cost inward; `levels` has as many
/// as follow it.
void add_traffic(const Operator& op, const Cost& cost, LevelIndex first, std::int64_t times,
                 std::vector<LevelTraffic>& levels);

}  // namespace hwflow::chip
