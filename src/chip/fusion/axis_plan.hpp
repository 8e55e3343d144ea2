#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chip/fusion/group.hpp"

namespace hwflow::chip {

enum class Axis : std::uint8_t { rows, columns };

/// What happens to the halo that two neighbouring tiles of an axis share.
enum class Halo : std::uint8_t {
  retain,  ///< kept on chip: every index is made (or fetched) once
  again,   ///< made (or fetched) with every tile that needs it
};

/// Progress of every tensor of a group along one axis while the output tiles are scanned.
///
/// Positions are counts of *needed* indices below a frontier: an index is needed when some kept
/// reader of the group or somebody outside wants it. Step i works from begin to end; `ends` after
/// step i is never before `ends` after step i - 1.
/// Checked by  tests/support/fused_simulator, with sets of pixels.
class AxisPlan {
 public:
  /// `tile`: indices of the last layer's output that one step finishes; `halos`: by tensor, those
  /// of sources change nothing.
  AxisPlan(const Group& group, Axis axis, std::int64_t tile, const std::vector<Halo>& halos);
  /// With all halos retained.
  AxisPlan(const Group& group, Axis axis, std::int64_t tile)
      : AxisPlan(group, axis, tile, std::vector<Halo>(group.tensors.size(), Halo::retain)) {}

  [[nodiscard]] std::int64_t tile() const noexcept { return tile_; }
  [[nodiscard]] std::int64_t steps() const noexcept { return steps_; }
  /// Needed indices of a tensor.
  [[nodiscard]] std::int64_t total(std::size_t tensor) const { return totals_[tensor]; }
  /// Needed indices below the frontier before step `i`; i = steps(): in the end.
  [[nodiscard]] std::int64_t before(std::size_t tensor, std::int64_t i) const {
    return ends_[at(tensor, i)];
  }
  [[nodiscard]] std::int64_t after(std::size_t tensor, std::int64_t i) const {
    return ends_[at(tensor, i + 1)];
  }
  /// Where the part that the readers of step `i` need begins; after(tensor, i) where they need
  /// none.
  [[nodiscard]] std::int64_t window(std::size_t tensor, std::int64_t i) const {
    return windows_[at(tensor, i)];
  }
  /// Indices that step `i` makes or fetches.
  [[nodiscard]] std::int64_t block(std::size_t tensor, std::int64_t i, Halo halo) const {
    return after(tensor, i) - (halo == Halo::retain ? before(tensor, i) : window(tensor, i));
  }
  [[nodiscard]] std::int64_t largest_block(std::size_t tensor, Halo halo) const;
  /// Sum of block() over all steps.
  [[nodiscard]] std::int64_t moved(std::size_t tensor, Halo halo) const;
  /// Steps in which block() is not empty.
  [[nodiscard]] std::int64_t working_steps(std::size_t tensor, Halo halo) const;
  /// What a read still needs begins here, before its layer has done step `i`; total(): nothing.
  [[nodiscard]] std::int64_t keep(std::size_t read, std::int64_t i) const {
    return keeps_[at(read, i)];
  }
  /// Does the layer of a read look at anything in step `i`? (Not where all is padding.)
  [[nodiscard]] bool reads_in(std::size_t read, std::int64_t i) const {
    return reads_in_[at(read, i)];
  }
  /// Is all that a step makes of a read's tensor read in that step, and never again?
  [[nodiscard]] bool is_used_at_once(std::size_t tensor, std::size_t read) const;

  /// Steps without those that differ from an earlier one by a shift of all positions.
  [[nodiscard]] const std::vector<std::int64_t>& unlike_steps() const noexcept { return unlike_; }
  /// Steps without those whose positions are all the mean of an earlier and a later step's: what is
  /// convex in the positions is largest at one of the rest.
  [[nodiscard]] const std::vector<std::int64_t>& corner_steps() const noexcept { return corners_; }

 private:
  void find_different_steps(const Group& group);
  [[nodiscard]] bool is_like_before(const Group& group, std::int64_t i) const;
  [[nodiscard]] bool is_between(const Group& group, std::int64_t i) const;
  [[nodiscard]] std::size_t at(std::size_t item, std::int64_t i) const {
    return item * static_cast<std::size_t>(steps_ + 1) + static_cast<std::size_t>(i);
  }

  std::int64_t tile_ = 1, steps_ = 1, period_ = 1;
  std::vector<std::int64_t> totals_;
  std::vector<std::int64_t> ends_;     ///< [tensor][step 0..steps]
  std::vector<std::int64_t> windows_;  ///< [tensor][step]
  std::vector<std::int64_t> keeps_;    ///< [read][step 0..steps]
  std::vector<bool> reads_in_;         ///< [read][step]
  std::vector<std::int64_t> unlike_, corners_;
};

/// By tensor of the group: the needed indices along an axis, ascending. Position n of an AxisPlan
/// is element n. Does not depend on the tile.
[[nodiscard]] std::vector<std::vector<std::int64_t>> needed_indices(const Group& group, Axis axis);

/// Tiles worth trying along an axis of `extent`: for every number of steps the smallest.
[[nodiscard]] std::vector<std::int64_t> tile_choices(std::int64_t extent);

}  // namespace hwflow::chip
