#include "chip/fusion/group_search.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/ceil_div.hpp"
#include "chip/fusion/weight_residency.hpp"

namespace hwflow::chip {
namespace {

/// More reads than these are not taken from DRAM one by one but all or none; as with sources and
/// their halo policies.
constexpr std::size_t kMostFreeSkips = 4;
constexpr std::size_t kMostFreeSources = 3;
constexpr std::size_t kMostFreeIntermediates = 2;

std::vector<std::vector<std::size_t>> read_again_choices(const std::vector<std::size_t>& skips) {
  std::vector<std::vector<std::size_t>> choices{{}};
  if (skips.size() > kMostFreeSkips) {
    choices.push_back(skips);
    return choices;
  }
  for (std::size_t set = 1; set < (std::size_t{1} << skips.size()); ++set) {
    choices.emplace_back();
    for (std::size_t i = 0; i < skips.size(); ++i)
      if ((set >> i) & 1U) choices.back().push_back(skips[i]);
  }
  return choices;
}

/// Policies of all tensors: every choice of `policies` for each of `some` by itself, or, where
/// these are more than `most`, one for all of them. All others retain.
std::vector<std::vector<HaloPolicy>> policy_choices(std::size_t tensors,
                                                    const std::vector<std::size_t>& some,
                                                    const std::vector<HaloPolicy>& policies,
                                                    std::size_t most) {
  std::vector<HaloPolicy> all(tensors, HaloPolicy::retain);
  std::vector<std::vector<HaloPolicy>> choices;
  if (some.size() > most) {
    for (const HaloPolicy policy : policies) {
      for (const std::size_t tensor : some) all[tensor] = policy;
      choices.push_back(all);
    }
    return choices;
  }
  std::size_t count = 1;
  for (std::size_t i = 0; i < some.size(); ++i) count *= policies.size();
  for (std::size_t number = 0; number < count; ++number) {
    std::size_t rest = number;
    for (const std::size_t tensor : some) {
      all[tensor] = policies[rest % policies.size()];
      rest /= policies.size();
    }
    choices.push_back(all);
  }
  return choices;
}

std::vector<std::vector<HaloPolicy>> source_choices(const Group& group) {
  std::vector<std::size_t> sources;
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    if (!group.tensors[t].producer) sources.push_back(t);
  return policy_choices(group.tensors.size(), sources,
                        {HaloPolicy::retain, HaloPolicy::in_band, HaloPolicy::again},
                        kMostFreeSources);
}

/// What layers of the group make for others of it.
std::vector<std::size_t> intermediates_of(const Group& group) {
  std::vector<std::size_t> intermediates;
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    if (group.tensors[t].producer && !group.tensors[t].reads.empty()) intermediates.push_back(t);
  return intermediates;
}

/// `only`: the tile that was asked for; 0: any.
std::vector<std::int64_t> tiles_along(std::int64_t extent, std::int64_t only) {
  if (only > 0) return {std::min(only, extent)};
  return tile_choices(extent);
}

std::vector<std::int64_t> part_choices(const Group& group) {
  std::int64_t most = 1;
  for (const GroupLayer& layer : group.layers) most = std::max(most, layer.channels);
  std::vector<std::int64_t> parts{1};
  while (parts.back() * 2 <= most) parts.push_back(parts.back() * 2);
  return parts;
}

/// Scans of one axis by tile and halo, made when asked for.
class Plans {
 public:
  Plans(const Group& group, Axis axis) : group_(group), axis_(axis) {}
  const AxisPlan& at(std::int64_t tile, const std::vector<Halo>& halos) {
    auto& plan = plans_[{tile, halos}];
    if (!plan) plan = std::make_unique<AxisPlan>(group_, axis_, tile, halos);
    return *plan;
  }

 private:
  const Group& group_;
  Axis axis_;
  std::map<std::pair<std::int64_t, std::vector<Halo>>, std::unique_ptr<AxisPlan>> plans_;
};

}  // namespace

PhaseCounts& PhaseCounts::operator+=(const PhaseCounts& more) {
  tilings += more.tilings;
  too_large += more.too_large;
  weights_large += more.weights_large;
  bounded += more.bounded;
  alike += more.alike;
  left += more.left;
  evaluated += more.evaluated;
  return *this;
}

GroupSpace::GroupSpace(const FusionGraph& graph, const Slice& slice, const BufferRoom& buffer,
                       GroupSpaceOptions options, std::stop_token stop)
    : graph_(graph),
      slice_(slice),
      buffer_(buffer),
      options_(std::move(options)),
      stop_(std::move(stop)) {}

/// One visit: the loops over all choices, outermost those that change the group itself.
class SpaceWalk {
 public:
  SpaceWalk(GroupSpace& space, const GroupSpace::Worth& worth, const GroupSpace::Found& found)
      : space_(space), worth_(worth), found_(found) {}

  void run() {
    for (const auto& read_again : read_again_choices(skip_reads(space_.graph_, space_.slice_))) {
      if (space_.stop_.stop_requested()) return;
      const Group group = make_group(space_.graph_, space_.slice_, read_again);
      least_ = compulsory_traffic(group);
      if (!worth_(least_.total())) {
        ++space_.counts_.bounded;
        continue;
      }
      schedule_ = {};
      schedule_.read_again = read_again;
      visit_group(group);
    }
  }

 private:
  void visit_group(const Group& group) {
    Plans rows(group, Axis::rows), columns(group, Axis::columns);
    sources_ = source_choices(group);
    parts_ = part_choices(group);
    const GroupLayer& last = group.layers.back();
    const auto& tile = space_.options_.tile;
    const auto all_rows = tiles_along(last.height, tile ? tile->rows : 0);
    const auto all_columns = tiles_along(last.width, tile ? tile->columns : 0);
    const std::vector<Axis> axes = outer_axes();
    const std::vector<std::size_t> made = intermediates_of(group);
    are_intermediates_free_ = made.size() <= kMostFreeIntermediates;
    for (const auto& intermediates : policy_choices(
             group.tensors.size(), made, space_.options_.intermediates, kMostFreeIntermediates)) {
      for (const std::int64_t tile_rows : all_rows) {
        for (const std::int64_t tile_columns : all_columns) {
          for (const Axis outer : axes) {
            if (space_.stop_.stop_requested()) return;
            if (!worth_(least_.total())) return;
            if (outer != axes.front() && tile_rows == last.height && tile_columns == last.width)
              continue;  // one step: no order
            schedule_.outer = outer;
            schedule_.tile_rows = tile_rows;
            schedule_.tile_columns = tile_columns;
            schedule_.halos = intermediates;
            visit_tiling({group, rows.at(tile_rows, halos_along(schedule_, Axis::rows)),
                          columns.at(tile_columns, halos_along(schedule_, Axis::columns)), outer});
          }
        }
      }
    }
  }

  [[nodiscard]] std::vector<Axis> outer_axes() const {
    if (space_.options_.outer) return {*space_.options_.outer};
    return {Axis::rows, Axis::columns};
  }

  void visit_tiling(const TiledGroup& tiled) {
    if (!worth_(least_of(tiled))) {
      ++space_.counts_.tilings;
      ++space_.counts_.bounded;
      return;
    }
    for (const auto& sources : sources_) {
      for (std::size_t t = 0; t < sources.size(); ++t)
        if (!tiled.group().tensors[t].producer) schedule_.halos[t] = sources[t];
      schedule_.resident_weights.assign(tiled.group().layers.size(), true);
      schedule_.channel_parts = 1;
      ++space_.counts_.tilings;
      const GroupTraffic once = tiled.traffic(schedule_);
      if (!worth_(once.total())) {
        ++space_.counts_.bounded;
        continue;
      }
      // Halo policies that change nothing for this tiling are left to the first of them.
      if (has_idle_policy(tiled)) {
        ++space_.counts_.alike;
        continue;
      }
      visit_parts(tiled);
    }
  }

  /// Less no schedule of this tiling moves: feature maps once, and of the weights as many resident
  /// as the buffer holds without any feature map, the rest in the smallest parts.
  std::int64_t least_of(const TiledGroup& tiled) {
    schedule_.channel_parts = parts_.back();
    const std::vector<WeightTensor> weights = weights_of(tiled);
    const auto residents =
        choose_residents(weights, space_.buffer_.weight_bits.value_or(space_.buffer_.feature_bits));
    std::int64_t bits = least_.total() - least_.weight_bits;
    for (std::size_t l = 0; l < weights.size(); ++l)
      bits += weights[l].bits * (residents && !(*residents)[l] ? weights[l].times : 1);
    return bits;
  }

  /// A tensor whose tiles share nothing has nothing to keep: all policies are the same.
  [[nodiscard]] bool has_idle_policy(const TiledGroup& tiled) const {
    const Group& group = tiled.group();
    for (std::size_t t = 0; t < group.tensors.size(); ++t) {
      if (schedule_.halos[t] == HaloPolicy::retain) continue;
      const HaloPolicy less =
          schedule_.halos[t] == HaloPolicy::again ? HaloPolicy::in_band : HaloPolicy::retain;
      if (group.tensors[t].producer && !may_be(less)) continue;
      if (tiled.fetched_pixels(t, schedule_.halos[t]) == tiled.fetched_pixels(t, less)) return true;
    }
    return false;
  }

  /// Is the policy one of intermediates that are searched one by one?
  [[nodiscard]] bool may_be(HaloPolicy policy) const {
    const auto& allowed = space_.options_.intermediates;
    return are_intermediates_free_ &&
           std::find(allowed.begin(), allowed.end(), policy) != allowed.end();
  }

  void visit_parts(const TiledGroup& tiled) {
    bool fits_somehow = false, weights_fit = false;
    std::int64_t fewest = -1;
    const std::int64_t most = space_.buffer_.feature_bits;
    schedule_.channel_parts = parts_.back();
    if (tiled.room(schedule_, space_.buffer_.double_buffered, most).feature_bits() > most) {
      ++space_.counts_.too_large;
      return;
    }
    for (const std::int64_t parts : parts_) {
      schedule_.channel_parts = parts;
      GroupPlan plan{schedule_, {}, {}, tiled.steps()};
      plan.room = tiled.room(schedule_, space_.buffer_.double_buffered, most);
      if (plan.room.feature_bits() > most) continue;
      fits_somehow = true;
      const auto residents = choose_residents(weights_of(tiled), weight_room(plan.room));
      if (!residents) continue;
      weights_fit = true;
      plan.schedule.resident_weights = *residents;
      plan.traffic = tiled.traffic(plan.schedule);
      // More parts only make room: of use where that saves traffic.
      if (fewest >= 0 && plan.traffic.total() >= fewest) continue;
      fewest = plan.traffic.total();
      plan.room = with_weights(tiled, plan);
      if (worth_(fewest))
        found_(std::move(plan));
      else
        ++space_.counts_.bounded;
      if (fewest == least_.total()) break;
    }
    if (!fits_somehow)
      ++space_.counts_.too_large;
    else if (!weights_fit)
      ++space_.counts_.weights_large;
  }

  [[nodiscard]] std::int64_t weight_room(const GroupRoom& room) const {
    return space_.buffer_.weight_bits ? *space_.buffer_.weight_bits
                                      : space_.buffer_.feature_bits - room.feature_bits();
  }

  [[nodiscard]] std::vector<WeightTensor> weights_of(const TiledGroup& tiled) const {
    const Group& group = tiled.group();
    std::vector<WeightTensor> weights;
    for (std::size_t l = 0; l < group.layers.size(); ++l) {
      const GroupLayer& layer = group.layers[l];
      weights.push_back({layer.weight_bits,
                         weight_bits_of_part(layer, schedule_.channel_parts) *
                             (space_.buffer_.double_buffered ? 2 : 1),
                         group.batch * tiled.working_steps(l, schedule_)});
    }
    return weights;
  }

  [[nodiscard]] GroupRoom with_weights(const TiledGroup& tiled, const GroupPlan& plan) const {
    GroupRoom room = plan.room;
    room.resident_bits = room.weight_staging_bits = 0;
    const std::vector<WeightTensor> weights = weights_of(tiled);
    for (std::size_t l = 0; l < weights.size(); ++l) {
      if (plan.schedule.resident_weights[l])
        room.resident_bits += weights[l].bits;
      else
        room.weight_staging_bits = std::max(room.weight_staging_bits, weights[l].staging_bits);
    }
    return room;
  }

  GroupSpace& space_;
  const GroupSpace::Worth& worth_;
  const GroupSpace::Found& found_;
  GroupSchedule schedule_;
  GroupTraffic least_;
  std::vector<std::vector<HaloPolicy>> sources_;
  bool are_intermediates_free_ = true;
  std::vector<std::int64_t> parts_;
};

void GroupSpace::visit(const Worth& worth, const Found& found) {
  SpaceWalk(*this, worth, found).run();
}

BufferRoom sufficient_room(const FusionGraph& graph, const Slice& slice, const BufferRoom& buffer,
                           const GroupSpaceOptions& options) {
  const auto fits_with = [&](const BufferRoom& room) {
    GroupSpace space(graph, slice, room, options);
    bool found = false;
    space.visit([&](std::int64_t) { return !found; }, [&](GroupPlan&&) { found = true; });
    return found;
  };
  BufferRoom room = buffer;
  const auto grow = [&](std::int64_t& bits) {
    if (fits_with(room)) return;
    std::int64_t small = bits, large = std::max<std::int64_t>(1, bits);
    do {
      large *= 2;
      bits = large;
    } while (large < (std::int64_t{1} << 60) && !fits_with(room));
    while (large - small > 1) {
      bits = small + (large - small) / 2;
      (fits_with(room) ? large : small) = bits;
    }
    bits = large;
  };
  if (buffer.weight_bits) room.weight_bits = std::int64_t{1} << 60;
  grow(room.feature_bits);
  if (buffer.weight_bits) {
    room.weight_bits = buffer.weight_bits;
    grow(*room.weight_bits);
  }
  return room;
}

std::optional<GroupPlan> least_traffic(GroupSpace& space, std::int64_t floor_bits) {
  std::optional<GroupPlan> best;
  const auto worth = [&](std::int64_t bits) {
    return !best || (bits < best->traffic.total() && best->traffic.total() > floor_bits);
  };
  space.visit(worth, [&](GroupPlan&& plan) { best = std::move(plan); });
  return best;
}

}  // namespace hwflow::chip
