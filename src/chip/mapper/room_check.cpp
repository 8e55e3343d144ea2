#include "chip/mapper/room_check.hpp"

#include <algorithm>

namespace hwflow::chip {

RoomCheck::RoomCheck(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan)
    : accumulating_(plan.accumulating), output_dims_(plan.output_dims) {
  const auto& levels = accelerator.levels();
  by_factors_.resize(levels.size());
  by_order_.resize(levels.size());
  for (LevelIndex l = 0; l < levels.size(); ++l) {
    const MemoryLevel& memory = levels[l];
    const auto& parts = memory.partition_bits;
    const bool is_limited =
        memory.capacity_bits ||
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.has_value(); });
    if (!is_limited) continue;
    Level made;
    made.level = l;
    made.capacity_bits = memory.capacity_bits;
    made.partition_bits = parts;
    made.child = next_keeping(accelerator, Role::outputs, l);
    made.changes_always = accelerator.fields().counting.move_every_turn ||
                          (made.child == levels.size() &&
                           !accelerator.engine().operand_registers.contains(Role::outputs));
    for (LevelIndex above = 0; above < made.child; ++above)
      if (above < l || !levels[above].fanout.spatial_reduction) made.unmerged |= bit(above);
    bool sums = false;
    for (std::size_t o = 0; o < layer.op.operands().size(); ++o) {
      const Role role = layer.op.operands()[o].role;
      if (!memory.keeps.contains(role)) continue;
      const std::int64_t copies = memory.double_buffered ? 2 : 1;
      const std::int64_t width = bits_of(layer.bits, role);
      const std::int64_t wide = role == Role::outputs ? layer.bits.partial_sums : width;
      made.kept.push_back({o, role, copies * width, copies * wide});
      sums = sums || wide != width;
    }
    for (LevelIndex changed = 0; changed < levels.size(); ++changed) {
      if (changed < l || (sums && changed < made.child))
        by_factors_[changed] |= bit(levels_.size());
      if (sums && changed < made.child) by_order_[changed] |= bit(levels_.size());
    }
    levels_.push_back(std::move(made));
  }
}

/// As evaluate() defines it: a sum is completed further out, or instances that are not merged add
/// to it, or a loop that accumulates stands outside one that changes the tile of the child.
bool RoomCheck::holds_partial_sums(const Level& level, const LoopState& state) const {
  if ((state.adding & level.unmerged) != 0) return true;
  bool changes = level.changes_always;
  for (LevelIndex l = level.child; l-- > 0;) {
    const Mask turning = state.turning[l];
    const Mask sums = turning & accumulating_;
    if (changes) {
      if (sums != 0) return true;
    } else if (sums == 0) {
      changes = (turning & output_dims_) != 0;
    } else if ((turning & output_dims_) != 0) {
      std::uint64_t dims = state.rows[l].dims;
      for (std::uint32_t left = state.rows[l].count; left > 0; --left, dims >>= 8) {
        const Mask dim = bit(dims & 0xFF);
        changes = changes || (dim & output_dims_) != 0;
        if (changes && (dim & sums) != 0) return true;
      }
    }
  }
  return false;
}

bool RoomCheck::fits(const Level& level, const LoopState& state, const FastCounts& counts,
                     const FastCounts::Tables& tables) const {
  std::array<std::int64_t, kRoleCount> bits{};
  for (const Kept& kept : level.kept) {
    const std::int64_t words = counts.largest_tile(kept.operand, level.level, state, tables);
    const bool wide = kept.finished != kept.unfinished && holds_partial_sums(level, state);
    bits[index(kept.role)] += words * (wide ? kept.unfinished : kept.finished);
  }
  std::int64_t shared = 0;
  for (std::size_t r = 0; r < kRoleCount; ++r) {
    if (!level.partition_bits[r]) {
      shared += bits[r];
    } else if (bits[r] > *level.partition_bits[r]) {
      return false;
    }
  }
  return !level.capacity_bits || shared <= *level.capacity_bits;
}

std::optional<LevelIndex> RoomCheck::too_small(const LoopState& state, const FastCounts& counts,
                                               const FastCounts::Tables& tables) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if ((stale_ & bit(i)) != 0) {
      stale_ &= ~bit(i);
      too_small_ &= ~bit(i);
      if (!fits(levels_[i], state, counts, tables)) too_small_ |= bit(i);
    }
    if ((too_small_ & bit(i)) != 0) return levels_[i].level;
  }
  return std::nullopt;
}

}  // namespace hwflow::chip
