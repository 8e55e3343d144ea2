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
  std::optional<NetworkCost> cost;  ///< none: not asked for, or some block has no mapping
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
/// it is complete, and only given to searches that want no more. That is exact: a search keeps the
/// schedules that move less than all before them, so those of a stricter search are the last of
/// them.
///
/// One cache belongs to one network, batch, machine and choice of options. Thread-safe.
class SliceCache {
 public:
  SliceCache();
  ~SliceCache();

  [[nodiscard]] std::optional<SliceOutlook> find_outlook(const std::string& key) const;
  void save_outlook(const std::string& key, const SliceOutlook& outlook);

  /// The last plans of a search for all that move less than `below_bits`, as that search would
  /// return them; none: not known.
  [[nodiscard]] std::optional<std::vector<PricedPlan>> find_plans(const std::string& key,
                                                                  std::int64_t below_bits) const;
  /// `plans`: the last ones of a search for all that move less than `below_bits`, by falling
  /// traffic.
  void save_plans(const std::string& key, std::int64_t below_bits, std::vector<PricedPlan> plans);

  /// Before graphs are fused with a smaller buffer than ever: forgets what that may change.
  /// Schedules that still fit stay, exactly as a search there would keep them (docs/fusion.md).
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
