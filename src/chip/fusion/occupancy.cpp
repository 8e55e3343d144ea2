#include "chip/fusion/occupancy.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

std::int64_t positive(std::int64_t value) { return std::max<std::int64_t>(0, value); }

/// One tensor in one step.
class LivePixels {
 public:
  LivePixels(const Group& group, const Scan& scan, const Retention& retention, const Moment& step,
             std::size_t tensor)
      : group_(group),
        scan_(scan),
        step_(step),
        tensor_(tensor),
        policy_(retention.tensors[tensor]) {
    next_low_ = scan.outer.total(tensor);
    for (const std::size_t read : group.tensors[tensor].reads) {
      if (!group.reads[read].is_kept) continue;
      next_low_ = std::min(next_low_, scan.outer.keep(read, step.outer + 1));
    }
  }

  /// While `layer` works.
  [[nodiscard]] std::int64_t while_working(std::size_t layer) const {
    const auto& producer = group_.tensors[tensor_].producer;
    const bool is_made = !producer || *producer <= layer;
    const std::int64_t made = is_made ? scan_.inner.after(tensor_, step_.inner)
                                      : scan_.inner.before(tensor_, step_.inner);
    if (policy_ == HaloPolicy::again) return is_made ? whole_tile(layer) : 0;
    const Corner corner = needed_from(layer);
    return policy_ == HaloPolicy::retain ? retained(made, corner)
                                         : band() * positive(made - corner.inner);
  }

 private:
  [[nodiscard]] bool is_done(std::size_t read, std::size_t layer) const {
    return group_.reads[read].layer < layer;
  }

  /// What readers still need in this band lies at or beyond it along both axes.
  struct Corner {
    std::int64_t outer = 0, inner = 0;
  };
  [[nodiscard]] Corner needed_from(std::size_t layer) const {
    const std::int64_t end = scan_.inner.total(tensor_);
    Corner corner{scan_.outer.total(tensor_), end};
    for (const std::size_t read : group_.tensors[tensor_].reads) {
      if (!group_.reads[read].is_kept) continue;
      const std::int64_t inner =
          scan_.inner.keep(read, step_.inner + (is_done(read, layer) ? 1 : 0));
      if (inner == end || !scan_.outer.reads_in(read, step_.outer)) continue;
      corner.inner = std::min(corner.inner, inner);
      corner.outer = std::min(corner.outer, scan_.outer.keep(read, step_.outer));
    }
    return corner;
  }

  [[nodiscard]] std::int64_t band() const {
    return scan_.outer.block(tensor_, step_.outer, Halo::again);
  }

  [[nodiscard]] std::int64_t whole_tile(std::size_t layer) const {
    const auto& reads = group_.tensors[tensor_].reads;
    const bool is_wanted = std::any_of(reads.begin(), reads.end(), [&](std::size_t read) {
      return group_.reads[read].is_kept && !is_done(read, layer);
    });
    return is_wanted ? band() * scan_.inner.block(tensor_, step_.inner, Halo::again) : 0;
  }

  /// Bands before this one are complete, this one is made up to column `made`.
  [[nodiscard]] std::int64_t retained(std::int64_t made, const Corner& corner) const {
    const std::int64_t complete = scan_.outer.before(tensor_, step_.outer);
    const std::int64_t end = scan_.outer.after(tensor_, step_.outer);
    const std::int64_t columns = scan_.inner.total(tensor_);
    const std::int64_t for_later = positive(complete - next_low_) * columns +
                                   positive(end - std::max(next_low_, complete)) * made;
    const std::int64_t for_band =
        positive(std::min(next_low_, complete) - corner.outer) * (columns - corner.inner) +
        positive(std::min(next_low_, end) - std::max(corner.outer, complete)) *
            positive(made - corner.inner);
    return for_later + for_band;
  }

  const Group& group_;
  const Scan& scan_;
  const Moment& step_;
  std::size_t tensor_;
  HaloPolicy policy_;
  std::int64_t next_low_ = 0;
};

/// What is live of a tensor changes when its producer starts and when a reader has ended.
bool may_change(const Group& group, const GroupTensor& tensor, std::size_t layer) {
  if (layer == 0 || (tensor.producer && *tensor.producer == layer)) return true;
  return std::any_of(tensor.reads.begin(), tensor.reads.end(),
                     [&](std::size_t read) { return group.reads[read].layer + 1 == layer; });
}

/// Bits of one pixel that are live at a time: all channels, or those of one part.
std::int64_t pixel_bits(const Group& group, const Scan& scan, const Retention& retention,
                        std::size_t t) {
  const GroupTensor& tensor = group.tensors[t];
  if (!tensor.can_pass_parts || retention.channel_parts == 1 ||
      retention.tensors[t] != HaloPolicy::retain)
    return tensor.kept_bits;
  const std::size_t read = tensor.reads.front();
  if (!scan.outer.is_used_at_once(t, read) || !scan.inner.is_used_at_once(t, read))
    return tensor.kept_bits;
  return tensor.kept_bits / tensor.channels * ceil_div(tensor.channels, retention.channel_parts);
}

}  // namespace

std::vector<std::int64_t> pixel_bits(const Group& group, const Scan& scan,
                                     const Retention& retention) {
  std::vector<std::int64_t> bits;
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    bits.push_back(pixel_bits(group, scan, retention, t));
  return bits;
}

void add_live_bits(const Group& group, const Scan& scan, const Retention& retention,
                   const std::vector<std::int64_t>& widths, const Moment& step,
                   std::vector<std::int64_t>& live) {
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    const GroupTensor& tensor = group.tensors[t];
    if (widths[t] == 0) continue;
    const LivePixels pixels(group, scan, retention, step, t);
    std::int64_t bits = 0;
    for (std::size_t l = 0; l < live.size(); ++l) {
      if (may_change(group, tensor, l)) bits = pixels.while_working(l) * widths[t];
      live[l] += bits;
    }
  }
  for (std::size_t l = 0; l < live.size(); ++l) {
    const GroupLayer& layer = group.layers[l];
    if (layer.unfinished_bits == 0) continue;
    const HaloPolicy policy = retention.tensors[layer.output];
    live[l] += scan.outer.block(layer.output, step.outer, outer_halo(policy)) *
               scan.inner.block(layer.output, step.inner, inner_halo(policy)) *
               (layer.unfinished_bits / layer.channels) *
               ceil_div(layer.channels, retention.channel_parts);
  }
}

Peak peak_occupancy(const Group& group, const Scan& scan, const Retention& retention,
                    std::int64_t enough) {
  Peak peak{-1, {}};
  std::vector<std::int64_t> live(group.layers.size());
  const std::vector<std::int64_t> widths = pixel_bits(group, scan, retention);
  const auto look_at = [&](std::int64_t outer, std::int64_t inner) {
    std::fill(live.begin(), live.end(), 0);
    add_live_bits(group, scan, retention, widths, {outer, inner, 0}, live);
    for (std::size_t l = 0; l < live.size(); ++l)
      if (live[l] > peak.bits) peak = {live[l], {outer, inner, l}};
    return peak.bits > enough;
  };
  // What does not fit mostly does not fit in the middle.
  const auto& bands = scan.outer.unlike_steps();
  const auto& tiles = scan.inner.corner_steps();
  if (enough < std::int64_t{1} << 60 && look_at(bands[bands.size() / 2], tiles[tiles.size() / 2]))
    return peak;
  peak = {-1, {}};
  for (const std::int64_t outer : bands)
    for (const std::int64_t inner : tiles)
      if (look_at(outer, inner)) return peak;
  return peak;
}

}  // namespace hwflow::chip
