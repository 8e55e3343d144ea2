#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/fusion/occupancy.hpp"
#include "chip/fusion/schedule.hpp"

namespace hwflow::chip {

/// On-chip room of a fused group. One pool for everything when `weight_bits` is empty.
struct BufferRoom {
  std::int64_t feature_bits = 0;
  std::optional<std::int64_t> weight_bits = {};
  /// Tiles on their way from and to DRAM take twice their room, and their transfers overlap with
  /// computing.
  bool double_buffered = false;
};

/// DRAM bits of a group by what they are.
struct GroupTraffic {
  std::int64_t fetched_bits = 0;     ///< feature maps, halos fetched again among them
  std::int64_t read_again_bits = 0;  ///< feature maps that the group itself wrote, or read before
  std::int64_t written_bits = 0;
  std::int64_t weight_bits = 0;
  [[nodiscard]] std::int64_t read_bits() const {
    return fetched_bits + read_again_bits + weight_bits;
  }
  [[nodiscard]] std::int64_t total() const { return read_bits() + written_bits; }
  GroupTraffic& operator+=(const GroupTraffic& more);
  bool operator==(const GroupTraffic&) const = default;
};

/// Room that a group takes, all its life or at its fullest moment.
struct GroupRoom {
  Peak live;                       ///< feature maps
  std::int64_t staging_bits = 0;   ///< feature maps on their way from and to DRAM
  std::int64_t resident_bits = 0;  ///< weights that stay
  std::int64_t weight_staging_bits = 0;
  [[nodiscard]] std::int64_t feature_bits() const { return live.bits + staging_bits; }
  [[nodiscard]] std::int64_t weight_bits() const { return resident_bits + weight_staging_bits; }
  [[nodiscard]] std::int64_t total() const { return feature_bits() + weight_bits(); }
};
[[nodiscard]] bool fits(const GroupRoom& room, const BufferRoom& buffer);

/// The scans of a schedule's tiling.
struct TileScans {
  AxisPlan rows, columns;
  TileScans(const Group& group, const GroupSchedule& schedule);
};

/// A group with the scans of one tiling: what all other choices are priced with.
class TiledGroup {
 public:
  TiledGroup(const Group& group, const AxisPlan& rows, const AxisPlan& columns, Axis outer);
  TiledGroup(const Group& group, const TileScans& scans, Axis outer)
      : TiledGroup(group, scans.rows, scans.columns, outer) {}

  [[nodiscard]] const Group& group() const noexcept { return group_; }
  [[nodiscard]] Scan scan() const;
  /// DRAM bits; exact.
  [[nodiscard]] GroupTraffic traffic(const GroupSchedule& schedule) const;
  /// Exact as long as feature maps take no more than `enough` bits; else they take more than that.
  [[nodiscard]] GroupRoom room(const GroupSchedule& schedule, bool double_buffered,
                               std::int64_t enough = std::int64_t{1} << 60) const;
  /// The same without what is live.
  [[nodiscard]] GroupRoom fixed_room(const GroupSchedule& schedule, bool double_buffered) const;
  /// Live bits of feature maps in every step of one image (outer, then inner), each while most is
  /// live in it; the largest of them is room().live.
  /// Checked by  tests/support/fused_simulator.
  [[nodiscard]] std::vector<std::int64_t> live_bits_by_step(const GroupSchedule& schedule) const;
  /// Of one image.
  [[nodiscard]] std::int64_t fetched_pixels(std::size_t tensor, HaloPolicy policy) const;
  [[nodiscard]] std::int64_t made_pixels(std::size_t layer, const GroupSchedule& schedule) const;
  /// Steps in which a layer has work.
  [[nodiscard]] std::int64_t working_steps(std::size_t layer, const GroupSchedule& schedule) const;
  [[nodiscard]] std::int64_t steps() const;
  /// Largest number of pixels that one step makes or fetches.
  [[nodiscard]] std::int64_t largest_block(std::size_t tensor, HaloPolicy policy) const;

 private:
  [[nodiscard]] std::int64_t staging_bits(const GroupSchedule& schedule,
                                          bool double_buffered) const;
  [[nodiscard]] std::int64_t weight_staging_bits(const GroupSchedule& schedule,
                                                 bool double_buffered) const;

  const Group& group_;
  const AxisPlan& outer_;
  const AxisPlan& inner_;
};

/// DRAM bits of a group when every word that crosses its border does so once: no schedule moves
/// less.
[[nodiscard]] GroupTraffic compulsory_traffic(const Group& group);

}  // namespace hwflow::chip
