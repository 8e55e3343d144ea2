#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chip/fusion/group_search.hpp"
#include "chip/fusion/partition.hpp"
#include "chip/mapper/network_mapper.hpp"

namespace hwflow::chip {

/// A schedule of a slice with what it costs for all images.
struct PricedPlan {
  GroupPlan plan;
  NetworkCost bound;  ///< each quantity by itself; zeros for objective dram
  /// The same for its layers side by side, `bound` is not above it where that fits; none: they may
  /// not, or it is one stage.
  std::optional<NetworkCost> bound_in_space;
  std::optional<NetworkCost> cost;  ///< none: not asked for, or some block has no mapping
};

/// Schedules that a search of a slice kept (SliceSearch).
struct SlicePlans {
  std::vector<PricedPlan> plans;
  bool are_all = true;  ///< none was left out for their number
  /// Of those left out, too, where they could go below the bounds of these; each quantity by
  /// itself.
  std::optional<NetworkCost> least;
};

/// What is known of a slice before any schedule of it is looked at.
struct SliceOutlook {
  PartCost bound;     ///< nothing cheaper
  PartCost estimate;  ///< where to look first
  std::int64_t least_bits = 0;
};

/// What fuse_network() found out about slices, kept for further graphs of the same network with
/// other widths: what it finds is the same with and without.
///
/// Searches leave out schedules of too much DRAM traffic to be of use, and what is too much depends
/// on the best partition known at that time. So every answer is stored with the traffic below which
/// it holds, and only given to searches that want no more and would find the same.
///
/// One cache belongs to one network, batch, machine and choice of options. Thread-safe.
class SliceCache {
 public:
  SliceCache();
  ~SliceCache();

  [[nodiscard]] std::optional<SliceOutlook> find_outlook(const std::string& key) const;
  void save_outlook(const std::string& key, const SliceOutlook& outlook);

  /// What a search for plans that move less than `below_bits` would return; none: not known.
  [[nodiscard]] std::optional<SlicePlans> find_plans(const std::string& key,
                                                     std::int64_t below_bits) const;
  /// `found`: by a search for plans that move less than `below_bits`.
  void save_plans(const std::string& key, std::int64_t below_bits, SlicePlans found);

  /// Before graphs are fused with a smaller buffer than ever: forgets what that may change.
  /// Schedules that still fit stay, exactly as a search there would find them (docs/fusion.md).
  /// Checked by  tests/chip/fusion/buffer_front_test.cpp.
  void keep_fitting(const BufferRoom& buffer);

  /// Searches of a slice that were answered, and those that were not.
  [[nodiscard]] std::int64_t hits() const;
  [[nodiscard]] std::int64_t misses() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Everything that the schedules of a slice and their costs depend on when only widths differ
/// between graphs: its place, the widths of its layers and of what they read, and those in which
/// others read what it stores. Bytes, not for reading.
/// Checked by  tests/chip/fusion/slice_cache_test.cpp: what is found is equal where keys are.
[[nodiscard]] std::string slice_key(const FusionGraph& graph, const Slice& slice);

}  // namespace hwflow::chip
