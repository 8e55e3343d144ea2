#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "chip/cost/boundary.hpp"
#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/loop_rows.hpp"

namespace hwflow::chip {

/// Counts of one boundary where tiles are boxes: what box_fetch_traffic() counts (docs/model.md,
/// "Boxes"), for loops that divide evenly, without walking over the instances.
///
/// A shift of the box is one number: its parts along the axes of the operand as digits of a number
/// with a radix that no sum of parts reaches, so that equal numbers are equal shifts.
class BoxCounts {
 public:
  BoxCounts(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan,
            const BoundaryPlan& boundary);

  /// False: shifts do not fit one number.
  [[nodiscard]] bool covered() const { return covered_; }
  /// `tables`: values of the axes of the operand that have tables.
  [[nodiscard]] BoundaryTraffic count(const LoopState& state, const std::int64_t* const* tables);
  void clear() { served_.clear(); }

 private:
  struct Axis {
    std::size_t turning = 0;  ///< of its dimensions have more than one element
    std::array<Dim, 2> dims{};
    std::array<std::int64_t, 2> coefficients{};
    std::int64_t unit = 1;  ///< a step of one along this axis, as part of a shift
    int table = -1;         ///< of the operand's tables, where two dimensions turn
  };
  enum class Entry : std::uint8_t { none, slide, whole };
  struct Turn {
    std::int64_t shift = 0, trips = 1;
    Entry entry = Entry::none;
  };
  struct Spread {
    std::int64_t trips = 1, step = 0;
    bool operator==(const Spread&) const = default;
  };
  /// What neighbours hand on: boxes that the parent still has to read, instances served.
  struct Served {
    std::int64_t left = 0, units = 0;
  };
  struct Mesh {
    std::int64_t parents = 1, units = 1, columns = 1;
    std::int64_t different = 1;  ///< boxes
    LevelIndex level = 0;
    std::size_t loops = 0, column_loops = 0;
  };
  using SpreadKey = std::vector<std::int64_t>;
  struct SpreadHash {
    std::size_t operator()(const SpreadKey& key) const;
  };

  void measure_box(const LoopState& state);
  [[nodiscard]] std::int64_t used_along(const Axis& axis, const LoopState& state) const;
  void put_turns(const LoopState& state);
  [[nodiscard]] Entry entry_of(std::int64_t shift, const Turn& slide, std::size_t axis) const;
  void put_mesh(const LoopState& state, const std::int64_t* const* tables);
  void put_spreads(const LoopState& state);
  void put_spread(const LoopState& state, LevelIndex level, SlotKind kind);
  void put_distances();
  [[nodiscard]] bool may_be_beside(const Turn& turn) const;
  [[nodiscard]] bool may_serve(std::int64_t away) const;
  [[nodiscard]] const Served& served(std::int64_t away);
  [[nodiscard]] Served count_served(std::int64_t away) const;
  [[nodiscard]] std::int64_t words_of(Entry entry) const;
  void add(Entry entry, std::int64_t visits);
  void add_beside(const Turn& turn, std::int64_t visits);
  void add_turns();

  Boundary place_;
  Mask multicast_ = 0, forwarding_ = 0;  ///< levels with such a fan-out
  bool covered_ = true, gaps_ = false, keeps_overlap_ = true, to_units_ = false;
  std::size_t different_at_ = 0;  ///< in the tables of the axes
  std::vector<Axis> axes_;
  std::array<std::int64_t, kDimCount> pace_{};  ///< shift by one element of a dimension
  std::array<std::uint8_t, kDimCount> axis_of_{};

  // Of the mapping at hand.
  std::array<std::int64_t, kDimCount> lengths_{};
  std::int64_t whole_words_ = 1, slide_words_ = 1;
  std::array<Turn, kDimCount * kMaxMapperLevels> turns_;
  std::size_t turn_count_ = 0;
  Mesh mesh_;
  std::array<Spread, 2 * kDimCount * kMaxMapperLevels> spreads_;          ///< fastest first
  std::array<std::int64_t, 2 * kDimCount * kMaxMapperLevels> distances_;  ///< of neighbours
  std::int64_t farthest_ = 0;                                             ///< of `distances_`
  std::int64_t copies_ = 1, received_ = 0, reads_ = 0, forwarded_ = 0;
  std::unordered_map<SpreadKey, Served, SpreadHash> served_;
  SpreadKey key_;
};

}  // namespace hwflow::chip
