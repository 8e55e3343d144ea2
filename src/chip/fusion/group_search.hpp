#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "chip/fusion/group_cost.hpp"

namespace hwflow::chip {

/// Pixels of a group's last layer that one step finishes.
struct OutputTile {
  std::int64_t rows = 1, columns = 1;
};

/// Which schedules a search may choose from: what it finds is best among these.
struct GroupSpaceOptions {
  /// Policies for halos of intermediates; one at least. A group of one layer has no intermediates.
  /// Each intermediate has its own where a group has no more than two, else all the same.
  std::vector<HaloPolicy> intermediates{HaloPolicy::retain};
  /// The only tile, cut to the map of the last layer where that is smaller; none: for every number
  /// of steps along an axis the smallest.
  std::optional<OutputTile> tile;
  std::optional<Axis> outer;  ///< the only axis of the bands; none: either
};

/// A feasible schedule of a group with what follows from its geometry.
struct GroupPlan {
  GroupSchedule schedule;
  GroupTraffic traffic;
  GroupRoom room;
  std::int64_t steps = 1;  ///< of one image
};

/// What became of the candidates of a search, phase by phase (docs/fusion.md).
struct PhaseCounts {
  std::int64_t tilings = 0;        ///< tilings with halo policies that were looked at
  std::int64_t too_large = 0;      ///< phase 1: feature maps alone exceed the buffer
  std::int64_t weights_large = 0;  ///< phase 1: no choice of resident weights fits
  std::int64_t bounded = 0;        ///< phase 2: cannot be better than what is known
  std::int64_t alike = 0;          ///< phase 2: a source policy that changes nothing for the tiling
  std::int64_t left = 0;           ///< phase 3: not among the kept ones of least bound
  std::int64_t evaluated = 0;      ///< phase 3: priced
  PhaseCounts& operator+=(const PhaseCounts& more);
};

/// All schedules of one slice of the graph.
class GroupSpace {
 public:
  GroupSpace(const FusionGraph& graph, const Slice& slice, const BufferRoom& buffer,
             GroupSpaceOptions options, std::stop_token stop = {});

  /// `worth`: may a schedule of at least so many DRAM bits still be of use? Otherwise it is passed
  /// over unseen.
  using Worth = std::function<bool(std::int64_t dram_bits)>;
  using Found = std::function<void(GroupPlan&&)>;
  /// Feasible schedules in a fixed order, few large steps before many small ones. For each tiling
  /// the weights that stay are those that leave least traffic.
  void visit(const Worth& worth, const Found& found);

  [[nodiscard]] const PhaseCounts& counts() const noexcept { return counts_; }
  /// False when the search was stopped.
  [[nodiscard]] bool complete() const noexcept { return !stop_.stop_requested(); }

 private:
  const FusionGraph& graph_;
  Slice slice_;
  BufferRoom buffer_;
  GroupSpaceOptions options_;
  std::stop_token stop_;
  PhaseCounts counts_;

  friend class SpaceWalk;
};

/// Room with which some schedule of the slice fits: that of `buffer`, and where it is too small the
/// least. (Weights with a buffer of their own: the least beside these feature maps.)
/// Units   bits.
/// Cost    some twenty searches.
[[nodiscard]] BufferRoom sufficient_room(const FusionGraph& graph, const Slice& slice,
                                         const BufferRoom& buffer,
                                         const GroupSpaceOptions& options);

/// The schedule of least DRAM traffic; among equals the first. None: nothing fits.
[[nodiscard]] std::optional<GroupPlan> least_traffic(GroupSpace& space, std::int64_t floor_bits);

}  // namespace hwflow::chip
