#include "chip/fusion/pipeline.hpp"

#include <algorithm>
#include <array>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

/// Pixels in the bands before `first` up to column `columns`, in those from there to `second` up to
/// `part`: what has been made of a tensor, or what a reader needs no more.
struct Staircase {
  std::int64_t first = 0, second = 0;
  std::int64_t columns = 0, part = 0;
  [[nodiscard]] std::int64_t width(std::int64_t row) const {
    return row < first ? columns : row < second ? part : 0;
  }
};

/// Pixels of `made` that are not in all of `done`.
std::int64_t left_over(const Staircase& made, const std::vector<Staircase>& done) {
  std::vector<std::int64_t> edges{0, made.first, made.second};
  for (const Staircase& reader : done) {
    edges.push_back(std::min(reader.first, made.second));
    edges.push_back(std::min(reader.second, made.second));
  }
  std::sort(edges.begin(), edges.end());
  std::int64_t pixels = 0;
  for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
    const std::int64_t row = edges[e];
    std::int64_t used = made.width(row);
    for (const Staircase& reader : done) used = std::min(used, reader.width(row));
    pixels += (edges[e + 1] - row) * (made.width(row) - used);
  }
  return pixels;
}

/// What is there in one slot.
class Slot {
 public:
  Slot(const Group& group, const Scan& scan, const std::vector<std::size_t>& stages,
       const GroupSchedule& schedule, std::int64_t slot)
      : group_(group), scan_(scan), stages_(stages), schedule_(schedule), slot_(slot) {}

  [[nodiscard]] std::int64_t bits() const {
    std::int64_t bits = 0;
    for (std::size_t t = 0; t < group_.tensors.size(); ++t)
      if (group_.tensors[t].kept_bits > 0) bits += pixels(t) * group_.tensors[t].kept_bits;
    for (std::size_t l = 0; l < group_.layers.size(); ++l) bits += unfinished_bits(l);
    return bits;
  }

 private:
  struct Step {
    std::int64_t outer = 0, inner = 0;
  };
  [[nodiscard]] std::int64_t steps() const { return scan_.outer.steps() * scan_.inner.steps(); }
  [[nodiscard]] std::int64_t number(std::size_t stage) const {
    return slot_ - static_cast<std::int64_t>(stage);
  }
  [[nodiscard]] Step step(std::size_t stage) const {
    return {number(stage) / scan_.inner.steps(), number(stage) % scan_.inner.steps()};
  }
  [[nodiscard]] bool works(std::size_t stage) const {
    return number(stage) >= 0 && number(stage) < steps();
  }

  [[nodiscard]] std::int64_t pixels(std::size_t t) const {
    const std::size_t stage = stage_of_tensor(group_, stages_, t);
    if (number(stage) < 0) return 0;
    if (!group_.tensors[t].producer && schedule_.halos[t] != HaloPolicy::retain)
      return works(stage) ? fetched_again(t, step(stage)) : 0;
    std::vector<Staircase> done;
    for (const std::size_t read : group_.tensors[t].reads) {
      if (!group_.reads[read].is_kept) continue;
      const std::size_t reader = stages_[group_.reads[read].layer];
      if (number(reader) >= steps()) continue;
      done.push_back(done_by(t, read, number(reader) < 0 ? Step{} : step(reader)));
    }
    return done.empty() ? 0 : left_over(made(t, stage), done);
  }

  /// A source whose halos are fetched again, all of whose readers are in this stage.
  [[nodiscard]] std::int64_t fetched_again(std::size_t t, const Step& at) const {
    const std::int64_t band = scan_.outer.block(t, at.outer, Halo::again);
    if (schedule_.halos[t] == HaloPolicy::again)
      return band * scan_.inner.block(t, at.inner, Halo::again);
    std::int64_t from = scan_.inner.total(t);
    for (const std::size_t read : group_.tensors[t].reads)
      if (group_.reads[read].is_kept && scan_.outer.reads_in(read, at.outer))
        from = std::min(from, scan_.inner.keep(read, at.inner));
    return band * std::max<std::int64_t>(0, scan_.inner.after(t, at.inner) - from);
  }

  [[nodiscard]] Staircase made(std::size_t t, std::size_t stage) const {
    const std::int64_t columns = scan_.inner.total(t);
    if (number(stage) >= steps()) return {scan_.outer.total(t), scan_.outer.total(t), columns, 0};
    const Step at = step(stage);
    return {scan_.outer.before(t, at.outer), scan_.outer.after(t, at.outer), columns,
            scan_.inner.after(t, at.inner)};
  }

  /// What a reader at the beginning of a step needs no more.
  [[nodiscard]] Staircase done_by(std::size_t t, std::size_t read, const Step& at) const {
    const std::int64_t later = scan_.outer.keep(read, at.outer + 1);
    const std::int64_t columns = scan_.inner.total(t);
    if (!scan_.outer.reads_in(read, at.outer)) return {later, later, columns, 0};
    return {std::min(later, scan_.outer.keep(read, at.outer)), later, columns,
            scan_.inner.keep(read, at.inner)};
  }

  [[nodiscard]] std::int64_t unfinished_bits(std::size_t l) const {
    const GroupLayer& layer = group_.layers[l];
    if (layer.unfinished_bits == 0 || !works(stages_[l])) return 0;
    const Step at = step(stages_[l]);
    return scan_.outer.block(layer.output, at.outer, Halo::retain) *
           scan_.inner.block(layer.output, at.inner, Halo::retain) *
           (layer.unfinished_bits / layer.channels) *
           ceil_div(layer.channels, schedule_.channel_parts);
  }

  const Group& group_;
  const Scan& scan_;
  const std::vector<std::size_t>& stages_;
  const GroupSchedule& schedule_;
  std::int64_t slot_;
};

}  // namespace

std::vector<std::size_t> pipeline_stages(const FusionGraph& graph, const Group& group) {
  std::vector<std::size_t> stages;
  std::size_t stage = 0;
  bool has_macs = false;
  for (const GroupLayer& layer : group.layers) {
    const bool multiplies = graph.layers[layer.layer].layer.op.macs() > 0;
    if (multiplies && has_macs) ++stage;
    has_macs = has_macs || multiplies;
    stages.push_back(stage);
  }
  return stages;
}

std::size_t stage_of_tensor(const Group& group, const std::vector<std::size_t>& stages,
                            std::size_t tensor) {
  const GroupTensor& found = group.tensors[tensor];
  if (found.producer) return stages[*found.producer];
  std::size_t first = stages.back();
  for (const std::size_t read : found.reads)
    if (group.reads[read].is_kept) first = std::min(first, stages[group.reads[read].layer]);
  return first;
}

bool can_pipeline(const Group& group, const std::vector<std::size_t>& stages,
                  const GroupSchedule& schedule) {
  if (stages.back() == 0) return false;
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    if (schedule.halos[t] == HaloPolicy::retain) continue;
    if (group.tensors[t].producer) return false;
    const std::size_t first = stage_of_tensor(group, stages, t);
    for (const std::size_t read : group.tensors[t].reads)
      if (group.reads[read].is_kept && stages[group.reads[read].layer] != first) return false;
  }
  return true;
}

std::vector<std::int64_t> live_bits_by_slot(const Group& group, const Scan& scan,
                                            const std::vector<std::size_t>& stages,
                                            const GroupSchedule& schedule) {
  const std::int64_t slots =
      scan.outer.steps() * scan.inner.steps() + static_cast<std::int64_t>(stages.back());
  std::vector<std::int64_t> live;
  for (std::int64_t slot = 0; slot < slots; ++slot)
    live.push_back(Slot(group, scan, stages, schedule, slot).bits());
  return live;
}

std::optional<GroupRoom> pipeline_room(const TiledGroup& tiled,
                                       const std::vector<std::size_t>& stages,
                                       const GroupSchedule& schedule, const BufferRoom& buffer) {
  const Group& group = tiled.group();
  GroupRoom room = tiled.fixed_room(schedule, buffer.double_buffered);
  room.weight_staging_bits = 0;
  for (std::size_t l = 0; l < group.layers.size(); ++l) {
    const GroupLayer& layer = group.layers[l];
    if (schedule.resident_weights[l]) continue;
    room.weight_staging_bits +=
        weight_bits_of_part(layer, schedule.channel_parts) * (buffer.double_buffered ? 2 : 1);
  }
  if (!fits(room, buffer)) return std::nullopt;
  const Scan scan = tiled.scan();
  const std::vector<std::int64_t> live = live_bits_by_slot(group, scan, stages, schedule);
  const auto most = std::max_element(live.begin(), live.end());
  const std::int64_t slot = most - live.begin();
  const std::int64_t step = std::min(slot, tiled.steps() - 1);
  room.live = {*most, {step / scan.inner.steps(), step % scan.inner.steps(), 0}};
  if (!fits(room, buffer)) return std::nullopt;
  return room;
}

}  // namespace hwflow::chip
