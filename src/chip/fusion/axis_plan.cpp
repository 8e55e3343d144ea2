#include "chip/fusion/axis_plan.hpp"

#include <algorithm>
#include <numeric>

#include "base/ceil_div.hpp"

namespace hwflow::chip {
namespace {

const AxisMap& map_of(const GroupRead& read, Axis axis) {
  return axis == Axis::rows ? *read.rows : *read.columns;
}

std::int64_t extent_of(const GroupTensor& tensor, Axis axis) {
  return axis == Axis::rows ? tensor.height : tensor.width;
}

/// By tensor and index: is it needed? Readers must be known before what they read.
std::vector<bool> find_needed(const Group& group, Axis axis, std::size_t t,
                              const std::vector<std::vector<bool>>& known) {
  const GroupTensor& tensor = group.tensors[t];
  std::vector<bool> needed(static_cast<std::size_t>(extent_of(tensor, axis)), tensor.is_output);
  for (const std::size_t read : tensor.reads) {
    const std::vector<bool>& reader = known[group.layers[group.reads[read].layer].output];
    for (std::size_t out = 0; out < reader.size(); ++out)
      if (reader[out])
        for (const std::int32_t tap :
             map_of(group.reads[read], axis).taps(static_cast<std::int64_t>(out)))
          needed[static_cast<std::size_t>(tap)] = true;
  }
  return needed;
}

/// Tensors of a group, readers before what they read.
std::vector<std::size_t> readers_first(const Group& group) {
  std::vector<std::size_t> order;
  for (std::size_t l = group.layers.size(); l-- > 0;) order.push_back(group.layers[l].output);
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    if (!group.tensors[t].producer) order.push_back(t);
  return order;
}

std::vector<std::vector<bool>> find_needed(const Group& group, Axis axis) {
  std::vector<std::vector<bool>> needed(group.tensors.size());
  for (const std::size_t t : readers_first(group)) needed[t] = find_needed(group, axis, t, needed);
  return needed;
}

/// Works with plain indices of one axis; AxisPlan stores counts of the needed ones.
class Frontiers {
 public:
  Frontiers(const Group& group, Axis axis, std::int64_t tile, const std::vector<Halo>& halos)
      : group_(group),
        axis_(axis),
        tile_(tile),
        halos_(halos),
        needed_(find_needed(group, axis)),
        tensors_(group.tensors.size()) {
    reference_ = extent(group.layers.back().output);
    steps_ = ceil_div(reference_, tile);
    first_reads_.resize(group.reads.size());
    for (const std::size_t t : readers_first(group)) follow(t);
  }

  [[nodiscard]] std::int64_t steps() const { return steps_; }
  [[nodiscard]] const AxisMap& map(std::size_t read) const {
    return map_of(group_.reads[read], axis_);
  }
  /// Needed indices below the frontier before step i.
  [[nodiscard]] std::int64_t ends(std::size_t tensor, std::int64_t i) const {
    return count(tensor, tensors_[tensor].ends[static_cast<std::size_t>(i)]);
  }
  /// Needed indices below what kept readers of step i read, or below the frontier before it.
  [[nodiscard]] std::int64_t window(std::size_t tensor, std::int64_t i) const {
    const Tensor& progress = tensors_[tensor];
    const auto place = static_cast<std::size_t>(i);
    return count(tensor, std::min(progress.windows[place], progress.ends[place]));
  }
  [[nodiscard]] std::int64_t total(std::size_t tensor) const {
    return tensors_[tensor].needed_below.back();
  }
  /// Does a read want any index in step i?
  [[nodiscard]] bool reads_in(std::size_t read, std::int64_t i) const {
    return first_reads_[read][static_cast<std::size_t>(i)] < extent(group_.reads[read].tensor);
  }
  /// Needed indices below what a read reads from each step on; total(): it reads no more.
  [[nodiscard]] std::vector<std::int64_t> keeps(std::size_t read) const {
    const std::size_t tensor = group_.reads[read].tensor;
    std::vector<std::int64_t> keeps(static_cast<std::size_t>(steps_ + 1), extent(tensor));
    for (auto i = static_cast<std::size_t>(steps_); i-- > 0;)
      keeps[i] = std::min(keeps[i + 1], first_reads_[read][i]);
    for (std::int64_t& keep : keeps) keep = count(tensor, keep);
    return keeps;
  }

 private:
  struct Tensor {
    std::vector<std::int64_t> needed_below;  ///< every index
    std::vector<std::int64_t> ends;          ///< frontier before every step, and in the end
    std::vector<std::int64_t> begins;        ///< first index that every step makes
    std::vector<std::int64_t> windows;       ///< first index that kept readers of a step read
  };

  [[nodiscard]] std::int64_t extent(std::size_t tensor) const {
    return extent_of(group_.tensors[tensor], axis_);
  }
  [[nodiscard]] std::int64_t count(std::size_t tensor, std::int64_t index) const {
    return tensors_[tensor].needed_below[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] std::size_t output(std::size_t read) const {
    return group_.layers[group_.reads[read].layer].output;
  }

  /// Where an output without readers in the group has come to before step i: in step with the last
  /// layer.
  [[nodiscard]] std::int64_t proportional(std::int64_t extent, std::int64_t i) const {
    const std::int64_t done = std::min(i * tile_, reference_);
    return ceil_div(extent * done, reference_);
  }

  void count_needed(std::size_t t) {
    Tensor& progress = tensors_[t];
    progress.needed_below.assign(1, 0);
    for (const bool needed : needed_[t])
      progress.needed_below.push_back(progress.needed_below.back() + (needed ? 1 : 0));
  }

  /// All that a tensor does, once everything is known of its readers.
  void follow(std::size_t t) {
    count_needed(t);
    const GroupTensor& tensor = group_.tensors[t];
    Tensor& progress = tensors_[t];
    progress.ends.assign(1, 0);
    for (std::int64_t i = 0; i < steps_; ++i) {
      std::int64_t end = progress.ends.back(), window = extent(t);
      for (const std::size_t read : tensor.reads) {
        const std::int64_t first = follow_read(read, i, end);
        if (group_.reads[read].is_kept) window = std::min(window, first);
      }
      if (tensor.is_output && (tensor.reads.empty() || i + 1 == steps_))
        end = std::max(end, proportional(extent(t), i + 1));
      const bool is_made_again = halos_[t] == Halo::again && tensor.producer;
      progress.begins.push_back(is_made_again ? std::min(progress.ends.back(), window)
                                              : progress.ends.back());
      progress.windows.push_back(std::min(window, end));
      progress.ends.push_back(end);
    }
  }

  /// The first index that a read wants in step i; moves `end` behind the last.
  std::int64_t follow_read(std::size_t read, std::int64_t i, std::int64_t& end) {
    const auto place = static_cast<std::size_t>(i);
    const Tensor& reader = tensors_[output(read)];
    std::int64_t first = extent(group_.reads[read].tensor);
    for (std::int64_t out = reader.begins[place]; out < reader.ends[place + 1]; ++out) {
      if (!needed_[output(read)][static_cast<std::size_t>(out)]) continue;
      const auto taps = map(read).taps(out);
      if (taps.empty()) continue;
      first = std::min<std::int64_t>(first, taps.front());
      end = std::max<std::int64_t>(end, taps.back() + 1);
    }
    first_reads_[read].push_back(first);
    return first;
  }

  const Group& group_;
  Axis axis_;
  std::int64_t tile_, reference_ = 1, steps_ = 1;
  const std::vector<Halo>& halos_;
  std::vector<std::vector<bool>> needed_;  ///< by tensor and index
  std::vector<Tensor> tensors_;
  std::vector<std::vector<std::int64_t>> first_reads_;  ///< [read][step]
};

}  // namespace

AxisPlan::AxisPlan(const Group& group, Axis axis, std::int64_t tile, const std::vector<Halo>& halos)
    : tile_(tile) {
  const Frontiers frontiers(group, axis, tile, halos);
  steps_ = frontiers.steps();
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    totals_.push_back(frontiers.total(t));
    for (std::int64_t i = 0; i <= steps_; ++i) {
      ends_.push_back(frontiers.ends(t, i));
      windows_.push_back(i < steps_ ? frontiers.window(t, i) : totals_.back());
    }
  }
  for (std::size_t r = 0; r < group.reads.size(); ++r) {
    period_ = std::lcm(period_, frontiers.map(r).period());
    const std::vector<std::int64_t> keeps = frontiers.keeps(r);
    keeps_.insert(keeps_.end(), keeps.begin(), keeps.end());
    for (std::int64_t i = 0; i <= steps_; ++i)
      reads_in_.push_back(i < steps_ && frontiers.reads_in(r, i));
  }
  find_different_steps(group);
}

bool AxisPlan::is_like_before(const Group& group, std::int64_t i) const {
  const std::int64_t past = i - period_;
  if (past < 0) return false;
  const auto same = [&](std::int64_t a, std::int64_t b) { return a == b; };
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    if (!same(after(t, i) - before(t, i), after(t, past) - before(t, past)) ||
        !same(window(t, i) - before(t, i), window(t, past) - before(t, past)))
      return false;
  }
  for (std::size_t r = 0; r < group.reads.size(); ++r) {
    const std::size_t t = group.reads[r].tensor;
    if (!same(keep(r, i) - before(t, i), keep(r, past) - before(t, past)) ||
        !same(keep(r, i + 1) - before(t, i), keep(r, past + 1) - before(t, past)) ||
        reads_in(r, i) != reads_in(r, past))
      return false;
  }
  return true;
}

bool AxisPlan::is_between(const Group& group, std::int64_t i) const {
  const std::int64_t past = i - period_, next = i + period_;
  if (past < 0 || next >= steps_) return false;
  const auto middle = [](std::int64_t a, std::int64_t b, std::int64_t c) { return b - a == c - b; };
  for (std::size_t t = 0; t < group.tensors.size(); ++t) {
    if (!middle(before(t, past), before(t, i), before(t, next)) ||
        !middle(after(t, past), after(t, i), after(t, next)) ||
        !middle(window(t, past), window(t, i), window(t, next)))
      return false;
  }
  const auto ends_between = [&](std::size_t r) {
    const std::int64_t nothing = totals_[group.reads[r].tensor];
    return keep(r, next + 1) == nothing && keep(r, past) != nothing;
  };
  for (std::size_t r = 0; r < group.reads.size(); ++r) {
    if (!middle(keep(r, past), keep(r, i), keep(r, next)) ||
        !middle(keep(r, past + 1), keep(r, i + 1), keep(r, next + 1)) ||
        ends_between(r))  // a corner
      return false;
  }
  return true;
}

void AxisPlan::find_different_steps(const Group& group) {
  for (std::int64_t i = 0; i < steps_; ++i) {
    if (!is_like_before(group, i)) unlike_.push_back(i);
    if (!is_between(group, i)) corners_.push_back(i);
  }
}

std::int64_t AxisPlan::largest_block(std::size_t tensor, Halo halo) const {
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < steps_; ++i) largest = std::max(largest, block(tensor, i, halo));
  return largest;
}

bool AxisPlan::is_used_at_once(std::size_t tensor, std::size_t read) const {
  for (std::int64_t i = 0; i < steps_; ++i)
    if (keep(read, i + 1) < after(tensor, i)) return false;
  return true;
}

std::int64_t AxisPlan::moved(std::size_t tensor, Halo halo) const {
  if (halo == Halo::retain) return after(tensor, steps_ - 1);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < steps_; ++i) sum += block(tensor, i, halo);
  return sum;
}

std::int64_t AxisPlan::working_steps(std::size_t tensor, Halo halo) const {
  std::int64_t steps = 0;
  for (std::int64_t i = 0; i < steps_; ++i) steps += block(tensor, i, halo) > 0 ? 1 : 0;
  return steps;
}

std::vector<std::vector<std::int64_t>> needed_indices(const Group& group, Axis axis) {
  std::vector<std::vector<std::int64_t>> indices(group.tensors.size());
  const auto needed = find_needed(group, axis);
  for (std::size_t t = 0; t < needed.size(); ++t)
    for (std::size_t i = 0; i < needed[t].size(); ++i)
      if (needed[t][i]) indices[t].push_back(static_cast<std::int64_t>(i));
  return indices;
}

std::vector<std::int64_t> tile_choices(std::int64_t extent) {
  std::vector<std::int64_t> tiles;
  for (std::int64_t steps = 1; steps <= extent;) {
    const std::int64_t tile = ceil_div(extent, steps);
    tiles.push_back(tile);
    if (tile == 1) break;
    steps = ceil_div(extent, tile - 1);
  }
  return tiles;
}

}  // namespace hwflow::chip
