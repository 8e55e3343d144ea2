#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/mapper/box_counts.hpp"
#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/loop_rows.hpp"

namespace hwflow::chip {

/// Traffic over the boundaries of a plan under loops that divide evenly: what boundary_traffic()
/// and link_words() count.
///
/// Where tiles are even, a word that is in the tile enters it once for every turn of the loops
/// above unless it is kept:  moved = A - sum over loops i of the product of B_d(i)  (docs/model.md,
/// section 3, with A the words of all tiles of all turns). B is 0 once a loop has stepped or
/// returned along a dimension whose tiles share no word: only the innermost loops are looked at.
class FastCounts {
 public:
  FastCounts(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan);

  [[nodiscard]] bool covered() const;
  void clear();
  /// `tables[o]`: values of the axes of operand o that have tables.
  using Tables = std::vector<std::vector<const std::int64_t*>>;
  [[nodiscard]] BoundaryTraffic traffic(std::size_t boundary, const LoopState& state,
                                        const Tables& tables);
  /// Words over the links of a fan-out. Requires  traffic() of its boundary just before.
  [[nodiscard]] LinkWords link_words(const LinkPlan& link, const LoopState& state) const;
  [[nodiscard]] std::int64_t largest_tile(std::size_t operand, LevelIndex level,
                                          const LoopState& state, const Tables& tables) const;

 private:
  /// An innermost loop over which words may be kept.
  struct Turn {
    std::int64_t trips = 1;
    int axis = -1;  ///< position of the sliding axis; none: the operand does not have the dimension
  };
  void start(const BoundaryPlan& boundary, const LoopState& state, const Tables& tables);
  void find_kept_turns(const LoopState& state);
  [[nodiscard]] std::int64_t spread(const WordCount& count, const LoopState& state) const;
  [[nodiscard]] std::int64_t product(std::size_t count, std::size_t value) const;
  [[nodiscard]] std::int64_t first(std::size_t count, const LoopState& state) const;
  [[nodiscard]] std::int64_t distinct(std::size_t count, const LoopState& state) const;
  [[nodiscard]] std::int64_t moved(std::size_t count, const LoopState& state) const;
  [[nodiscard]] std::int64_t kept(std::size_t count, std::int64_t spread) const;
  [[nodiscard]] BoundaryTraffic fetches(const BoundaryPlan& boundary, const LoopState& state) const;
  [[nodiscard]] BoundaryTraffic drains(const BoundaryPlan& boundary, const LoopState& state) const;

  const CountPlan& plan_;
  bool skip_first_read_ = true, skip_only_read_ = false, read_back_to_all_ = false;
  std::vector<BoxCounts> boxes_;
  std::vector<int> boxes_of_;  ///< by boundary

  // Of the boundary at hand.
  const BoundaryPlan* boundary_ = nullptr;
  const OperandPlan* operand_ = nullptr;
  const std::int64_t* const* tables_ = nullptr;
  std::array<Turn, kDimCount * kMaxMapperLevels> turns_;
  std::size_t turn_count_ = 0;
  std::int64_t irrelevant_turns_ = 1;  ///< along dimensions that the operand does not have
  std::int64_t run_ = 1;  ///< turns of innermost loops that move nothing, where no axis slides
};

}  // namespace hwflow::chip
