#include "chip/fusion/group_cost.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
GroupTraffic& GroupTraffic::operator+=(const GroupTraffic& more) {
  fetched_bits += more.fetched_bits;
  read_again_bits += more.read_again_bits;
  written_bits += more.written_bits;
  weight_bits += more.weight_bits;
  return *this;
}

bool fits(const GroupRoom& room, const BufferRoom& buffer) {
  if (!buffer.weight_bits) return room.total() <= buffer.feature_bits;
  return room.feature_bits() <= buffer.feature_bits && room.weight_bits() <= *buffer.weight_bits;
}

TileScans::TileScans(const Group& group, const GroupSchedule& schedule)
    : rows(group, Axis::rows, schedule.tile_rows, halos_along(schedule, Axis::rows)),
      columns(group, Axis::columns, schedule.tile_columns, halos_along(schedule, Axis::columns)) {}

TiledGroup::TiledGroup(const Group& group, const AxisPlan& rows, const AxisPlan& columns,
                       Axis outer)
    : group_(group),
      outer_(outer == Axis::rows ? rows : columns),
      inner_(outer == Axis::rows ? columns : rows) {}

Scan TiledGroup::scan() const { return {outer_, inner_}; }

std::int64_t TiledGroup::fetched_pixels(std::size_t tensor, HaloPolicy policy) const {
  return outer_.moved(tensor, outer_halo(policy)) * inner_.moved(tensor, inner_halo(policy));
}

std::int64_t TiledGroup::made_pixels(std::size_t layer, const GroupSchedule& schedule) const {
  const std::size_t output = group_.layers[layer].output;
  return fetched_pixels(output, schedule.halos[output]);
}

std::int64_t TiledGroup::working_steps(std::size_t layer, const GroupSchedule& schedule) const {
  const std::size_t output = group_.layers[layer].output;
  const HaloPolicy policy = schedule.halos[output];
  return outer_.working_steps(output, outer_halo(policy)) *
         inner_.working_steps(output, inner_halo(policy));
}

std::int64_t TiledGroup::steps() const { return outer_.steps() * inner_.steps(); }

std::int64_t TiledGroup::largest_block(std::size_t tensor, HaloPolicy policy) const {
  return outer_.largest_block(tensor, outer_halo(policy)) *
         inner_.largest_block(tensor, inner_halo(policy));
}

GroupTraffic TiledGroup::traffic(const GroupSchedule& schedule) const {
  GroupTraffic traffic;
  for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
    const GroupTensor& tensor = group_.tensors[t];
    if (!tensor.producer) {
      const std::int64_t bits = fetched_pixels(t, schedule.halos[t]) * tensor.fetched_bits;
      (tensor.is_read_again ? traffic.read_again_bits : traffic.fetched_bits) += bits;
    } else {
      traffic.written_bits += outer_.total(t) * inner_.total(t) * tensor.written_bits;
    }
  }
  traffic.fetched_bits *= group_.batch;
  traffic.read_again_bits *= group_.batch;
  traffic.written_bits *= group_.batch;
  for (std::size_t l = 0; l < group_.layers.size(); ++l) {
    const std::int64_t times =
        schedule.resident_weights[l] ? 1 : group_.batch * working_steps(l, schedule);
    traffic.weight_bits += group_.layers[l].weight_bits * times;
  }
  return traffic;
}

std::int64_t TiledGroup::staging_bits(const GroupSchedule& schedule, bool double_buffered) const {
  std::int64_t bits = 0;
  for (std::size_t t = 0; t < group_.tensors.size(); ++t) {
    const GroupTensor& tensor = group_.tensors[t];
    if (!tensor.producer) {
      // The tile in use is live; the next one comes in beside it.
      if (double_buffered) bits += largest_block(t, schedule.halos[t]) * tensor.fetched_bits;
    } else if (tensor.written_bits > 0) {
      bits += largest_block(t, HaloPolicy::retain) * (tensor.written_bits / tensor.channels) *
              ceil_div(tensor.channels, schedule.channel_parts) * (double_buffered ? 2 : 1);
    }
  }
  return bits;
}

std::int64_t TiledGroup::weight_staging_bits(const GroupSchedule& schedule,
                                             bool double_buffered) const {
  std::int64_t bits = 0;
  for (std::size_t l = 0; l < group_.layers.size(); ++l) {
    const GroupLayer& layer = group_.layers[l];
    if (schedule.resident_weights[l]) continue;
    bits = std::max(bits, weight_bits_of_part(layer, schedule.channel_parts));
  }
  return bits * (double_buffered ? 2 : 1);
}

GroupRoom TiledGroup::room(const GroupSchedule& schedule, bool double_buffered,
                           std::int64_t enough) const {
  GroupRoom room = fixed_room(schedule, double_buffered);
  if (room.staging_bits > enough) return room;
  room.live = peak_occupancy(group_, scan(), {schedule.halos, schedule.channel_parts},
                             enough - room.staging_bits);
  return room;
}

GroupRoom TiledGroup::fixed_room(const GroupSchedule& schedule, bool double_buffered) const {
  GroupRoom room;
  room.staging_bits = staging_bits(schedule, double_buffered);
  room.weight_staging_bits = weight_staging_bits(schedule, double_buffered);
  for (std::size_t l = 0; l < group_.layers.size(); ++l)
    if (schedule.resident_weights[l]) room.resident_bits += group_.layers[l].weight_bits;
  return room;
}

std::vector<std::int64_t> TiledGroup::live_bits_by_step(const GroupSchedule& schedule) const {
  const Retention retention{schedule.halos, schedule.channel_parts};
  const std::vector<std::int64_t> widths = pixel_bits(group_, scan(), retention);
  std::vector<std::int64_t> by_step, live(group_.layers.size());
  for (std::int64_t o = 0; o < outer_.steps(); ++o) {
    for (std::int64_t i = 0; i < inner_.steps(); ++i) {
      std::fill(live.begin(), live.end(), 0);
      add_live_bits(group_, scan(), retention, widths, {o, i, 0}, live);
      by_step.push_back(*std::max_element(live.begin(), live.end()));
    }
  }
  return by_step;
}

GroupTraffic compulsory_traffic(const Group& group) {
  const GroupTensor& last = group.tensors[group.layers.back().output];
  const AxisPlan rows(group, Axis::rows, last.height);
  const AxisPlan columns(group, Axis::columns, last.width);
  GroupSchedule schedule;
  schedule.halos.assign(group.tensors.size(), HaloPolicy::retain);
  schedule.resident_weights.assign(group.layers.size(), true);
  return TiledGroup(group, rows, columns, Axis::rows).traffic(schedule);
}

}  // namespace hwflow::chip
