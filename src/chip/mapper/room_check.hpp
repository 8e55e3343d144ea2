#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/mapper/fast_counts.hpp"

namespace hwflow::chip {

/// Do the tiles fit? What evaluate() says of capacities, level by level, for even loops.
class RoomCheck {
 public:
  RoomCheck(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan);

  /// Something that stands in or above this level has changed: factors, or the order of loops.
  void factors_changed(LevelIndex level) { stale_ |= by_factors_[level]; }
  void order_changed(LevelIndex level) { stale_ |= by_order_[level]; }
  /// The first level that is too small.
  [[nodiscard]] std::optional<LevelIndex> too_small(const LoopState& state,
                                                    const FastCounts& counts,
                                                    const FastCounts::Tables& tables);

 private:
  struct Kept {
    std::size_t operand = 0;
    Role role = Role::inputs;
    std::int64_t finished = 0, unfinished = 0;  ///< bits of a word, twice when double buffered
  };
  struct Level {
    LevelIndex level = 0;
    std::vector<Kept> kept;
    std::optional<std::int64_t> capacity_bits;
    std::array<std::optional<std::int64_t>, kRoleCount> partition_bits;
    LevelIndex child = 0;         ///< of outputs
    bool changes_always = false;  ///< nothing is held in the child
    Mask unmerged = 0;            ///< an accumulating spatial loop here leaves sums unfinished
  };
  [[nodiscard]] bool fits(const Level& level, const LoopState& state, const FastCounts& counts,
                          const FastCounts::Tables& tables) const;
  [[nodiscard]] bool holds_partial_sums(const Level& level, const LoopState& state) const;

  std::vector<Level> levels_;
  Mask accumulating_, output_dims_;
  Mask stale_ = ~Mask{0}, too_small_ = 0;  ///< by position in `levels_`
  std::vector<Mask> by_factors_, by_order_;
};

}  // namespace hwflow::chip
