#include "train/fault/propagation.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "train/quant/integer_checks.hpp"
#include "train/quant/integer_moves.hpp"

namespace hwflow::train::fault {
Propagation::Propagation(const integer::Plan& plan, SparseLimits limits)
    : plan_(plan), limits_(limits), now_(integer::make_workspace(plan)) {
  for (const integer::Slot& slot : plan.slots) changed_.emplace_back(slot.shape);
  const auto& nodes = plan.network.network.nodes();
  std::size_t pixels = 0, sums = 0;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    std::vector<std::size_t> read = plan.nodes[node].inputs;
    for (const std::size_t s : plan.nodes[node].slots)
      read.insert(read.end(), plan.slots[s].sources.begin(), plan.slots[s].sources.end());
    read_.push_back(std::move(read));
    const FeatureShape out = nodes[node].shape;
    const bool window = has_narrow_sums(plan, node) || is_narrow_average(plan, node);
    taps_.push_back(window ? ReadingTaps(plan.nodes[node].conv,
                                         plan.slots[plan.nodes[node].inputs[0]].shape, out)
                           : ReadingTaps());
    const auto area = static_cast<std::size_t>(out.height * out.width);
    pixels = std::max(pixels, area);
    if (window)
      sums = std::max(sums, area * static_cast<std::size_t>(round_up(out.channels, kChannelBlock)));
  }
  sums_.values.resize(sums);
  sums_.is_own.resize(pixels);
}

void Propagation::begin(const Golden& golden) {
  golden_ = &golden;
  for (std::size_t s = 0; s < plan_.slots.size(); ++s) {
    std::ranges::copy(golden.workspace.codes[s].narrow, now_.codes[s].narrow.begin());
    std::ranges::copy(golden.workspace.codes[s].wide, now_.codes[s].wide.begin());
  }
}

void Propagation::begin_run() {
  HWFLOW_CHECK(golden_ != nullptr, "no image");
  has_logits_ = crashed_ = false;
}

Verdict Propagation::run(std::span<const Upset> upsets) {
  begin_run();
  upsets_.assign(upsets.begin(), upsets.end());
  if (upsets.empty()) return end_run();
  std::ranges::stable_sort(upsets_, {}, &Upset::node);
  auto next = upsets_.begin();
  for (std::size_t node = next->node; node < plan_.nodes.size() && !crashed_; ++node) {
    const auto end =
        std::find_if(next, upsets_.end(), [&](const Upset& upset) { return upset.node != node; });
    if (next != end || reads_changes(node)) run_node(node, {next, end}, nullptr);
    next = end;
  }
  return end_run();
}

Verdict Propagation::run(std::span<const ArrayUpset> upsets) {
  HWFLOW_CHECK(std::ranges::is_sorted(upsets, {}, &ArrayUpset::node),
               "layers of an array in the network's order");
  begin_run();
  if (upsets.empty()) return end_run();
  auto next = upsets.begin();
  for (std::size_t node = next->node; node < plan_.nodes.size(); ++node) {
    const ArrayUpset* array = next != upsets.end() && next->node == node ? &*next++ : nullptr;
    if (array != nullptr || reads_changes(node)) run_node(node, {}, array);
  }
  return end_run();
}

Verdict Propagation::end_run() {
  Verdict verdict;
  if (!has_logits_ || crashed_) {
    const auto& logits = golden_->workspace.logits;
    verdict.top1 = static_cast<std::int32_t>(std::ranges::max_element(logits) - logits.begin());
    verdict.crashed = crashed_;
    verdict.masked = !crashed_;
  } else {
    verdict = verdict_of(golden_->workspace.logits, now_.logits);
  }
  restore();
  return verdict;
}

bool Propagation::reads_changes(std::size_t node) const {
  return std::ranges::any_of(read_[node], [&](std::size_t s) { return changed_[s].any(); });
}

void Propagation::run_node(std::size_t node, std::span<const Upset> upsets,
                           const ArrayUpset* array) {
  const NodeKind kind = plan_.network.network.nodes()[node].kind;
  const bool is_output = node == plan_.output;
  begin_sums(node);
  if (kind != NodeKind::input && reads_changes(node)) {
    if (integer::only_moves_data(kind))
      run_moves(node);
    else if (has_narrow_sums(plan_, node) || (is_narrow_average(plan_, node) && !is_output))
      run_window(node);
    else if (kind == NodeKind::add && !is_output)
      run_add(node);
    else
      run_dense(node);
  }
  if (!upsets.empty()) disturb(node, upsets);
  if (array != nullptr) disturb_array(*array);
  for (const std::int64_t pixel : sums_.pixels) sums_.is_own[static_cast<std::size_t>(pixel)] = 0;
}

void Propagation::run_moves(std::size_t node) {
  for (const std::size_t s : plan_.nodes[node].slots) {
    const integer::Slot& slot = plan_.slots[s];
    if (std::ranges::none_of(slot.sources, [&](std::size_t from) { return changed_[from].any(); }))
      continue;
    integer::move_data(plan_, s, now_);
    changed_[s].compare(now_.codes[s], golden_->workspace.codes[s], 0,
                        slot.shape.height * slot.shape.width);
  }
}

void Propagation::run_dense(std::size_t node) {
  integer::run_node(plan_, node, nullptr, now_);
  has_logits_ = has_logits_ || node == plan_.output;
  compare_all(node);
}

void Propagation::compare_all(std::size_t node) {
  const FeatureShape out = plan_.network.network.nodes()[node].shape;
  for (const std::size_t s : plan_.nodes[node].slots)
    changed_[s].compare(now_.codes[s], golden_->workspace.codes[s], 0, out.height * out.width);
}

void Propagation::run_window(std::size_t node) {
  change_sums(node);
  if (node != plan_.output) return store_sums(node);
  if (!sums_.all) {
    const std::vector<std::int32_t>& golden = golden_->sums[node];
    for (std::size_t pixel = 0; pixel * static_cast<std::size_t>(sums_.stride) < golden.size();
         ++pixel)
      own_sums(node, static_cast<std::int64_t>(pixel));
  }
  integer::store_sums(plan_, node, std::span(sums_.values).first(golden_->sums[node].size()), now_);
  has_logits_ = true;
  compare_all(node);
}

void Propagation::begin_sums(std::size_t node) {
  sums_.pixels.clear();
  sums_.all = false;
  sums_.stride = round_up(plan_.network.network.nodes()[node].shape.channels, kChannelBlock);
}

bool Propagation::own(std::int64_t pixel) {
  std::uint8_t& is_own = sums_.is_own[static_cast<std::size_t>(pixel)];
  if (is_own != 0) return false;
  is_own = 1;
  sums_.pixels.push_back(pixel);
  return true;
}

std::int32_t* Propagation::own_sums(std::size_t node, std::int64_t pixel) {
  std::int32_t* row = sums_.values.data() + pixel * sums_.stride;
  if (own(pixel)) std::copy_n(golden_->sums[node].data() + pixel * sums_.stride, sums_.stride, row);
  return row;
}

void Propagation::change_sums(std::size_t node) {
  const integer::Kernel kernel = plan_.nodes[node].kernel;
  const std::size_t s = plan_.nodes[node].inputs[0];
  if (kernel == integer::Kernel::dense) {
    if (change_dense(node)) return;
    sums_.all = true;
    integer::compute_sums(plan_, node, now_,
                          std::span(sums_.values).first(golden_->sums[node].size()));
    return;
  }
  for (const std::int64_t pixel : changed_[s].pixels()) change_channels(node, pixel);
}

bool Propagation::change_dense(std::size_t node) {
  const integer::PreparedNode& prepared = plan_.nodes[node];
  const std::size_t s = prepared.inputs[0];
  const FeatureShape in = plan_.slots[s].shape;
  const auto most = static_cast<std::int64_t>(limits_.convolution *
                                              static_cast<double>(changed_[s].all_groups()));
  if (!groups_.list(changed_[s], in, now_.codes[s].narrow, golden_->workspace.codes[s].narrow,
                    most))
    return false;
  const std::int64_t width = plan_.network.network.nodes()[node].shape.width;
  for (const std::int64_t pixel : changed_[s].pixels())
    taps_[node].for_each(pixel / in.width, pixel % in.width,
                         [&](std::int64_t, std::int64_t out) { own(out); });
  for (const std::int64_t pixel : sums_.pixels)
    train::change_sums(prepared.weights->packed, prepared.conv, groups_.map(), pixel / width,
                       pixel % width, golden_->sums[node].data() + pixel * sums_.stride,
                       sums_.values.data() + pixel * sums_.stride);
  return true;
}

/// Depthwise convolution and average pooling: a channel reads its own alone.
void Propagation::change_channels(std::size_t node, std::int64_t pixel) {
  const std::size_t s = plan_.nodes[node].inputs[0];
  const FeatureShape in = plan_.slots[s].shape;
  const std::uint8_t* now = now_.codes[s].narrow.data() + pixel * in.channels;
  const std::uint8_t* then = golden_->workspace.codes[s].narrow.data() + pixel * in.channels;
  const std::int32_t* weights =
      plan_.nodes[node].weights ? plan_.nodes[node].weights->plain.data() : nullptr;
  taps_[node].for_each(pixel / in.width, pixel % in.width, [&](std::int64_t tap, std::int64_t out) {
    std::int32_t* sums = own_sums(node, out);
    changed_[s].for_each_group(pixel, [&](std::int64_t g) {
      const std::int64_t end = std::min(in.channels, (g + 1) * kInputGroup);
      for (std::int64_t c = g * kInputGroup; c < end; ++c) {
        const std::int32_t weight = weights == nullptr ? 1 : weights[tap * in.channels + c];
        sums[c] += weight * (std::int32_t{now[c]} - std::int32_t{then[c]});
      }
    });
  });
}

void Propagation::store_sums(std::size_t node) {
  for (const std::size_t s : plan_.nodes[node].slots) {
    if (sums_.all) {
      store_all(s);
      continue;
    }
    for (const std::int64_t pixel : sums_.pixels) store_pixel(s, pixel);
  }
}

void Propagation::store_all(std::size_t s) {
  const integer::Slot& slot = plan_.slots[s];
  const std::int64_t pixels = slot.shape.height * slot.shape.width;
  if (slot.wide) {
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) store_pixel(s, pixel);
    return;
  }
  requantize_row(slot.requantizer, pixels, slot.shape.channels, sums_.values.data(),
                 now_.codes[s].narrow.data(), plan_.kernels);
  changed_[s].compare(now_.codes[s], golden_->workspace.codes[s], 0, pixels);
}

void Propagation::store_pixel(std::size_t s, std::int64_t pixel) {
  const integer::Slot& slot = plan_.slots[s];
  const std::int64_t channels = slot.shape.channels, at = pixel * channels;
  const std::int32_t* sums = sums_.values.data() + pixel * sums_.stride;
  if (!slot.wide) {
    mask_.resize(static_cast<std::size_t>(changed_[s].words()));
    requantize_pixel(slot.requantizer, channels, sums,
                     golden_->workspace.codes[s].narrow.data() + at,
                     now_.codes[s].narrow.data() + at, mask_.data(), plan_.kernels);
    changed_[s].mark(pixel, mask_);
    return;
  }
  for (std::int64_t c = 0; c < channels; ++c)
    now_.codes[s].wide[static_cast<std::size_t>(at + c)] =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(
            rescale(sums[c], slot.factors[static_cast<std::size_t>(c)]), slot.low, slot.high));
  changed_[s].compare(now_.codes[s], golden_->workspace.codes[s], pixel, 1);
}

void Propagation::run_add(std::size_t node) {
  const integer::PreparedNode& prepared = plan_.nodes[node];
  const auto is_wide = [&](std::size_t s) { return plan_.slots[s].wide; };
  if (std::ranges::any_of(prepared.inputs, is_wide) || std::ranges::any_of(prepared.slots, is_wide))
    return run_dense(node);
  const FeatureShape out = plan_.network.network.nodes()[node].shape;
  const std::int64_t area = out.height * out.width;
  const ChangedCodes& left = changed_[prepared.inputs[0]];
  const ChangedCodes& right = changed_[prepared.inputs[1]];
  const auto most = static_cast<std::int64_t>(limits_.addition * static_cast<double>(area));
  if (std::max(std::ssize(left.pixels()), std::ssize(right.pixels())) > most)
    return add_pixels(node, 0, area);
  for (const std::int64_t pixel : left.pixels()) add_pixels(node, pixel, 1);
  for (const std::int64_t pixel : right.pixels()) add_pixels(node, pixel, 1);
}

void Propagation::add_pixels(std::size_t node, std::int64_t first, std::int64_t count) {
  const integer::PreparedNode& prepared = plan_.nodes[node];
  const std::int64_t channels = plan_.network.network.nodes()[node].shape.channels;
  const std::int64_t at = first * channels;
  for (const std::size_t s : prepared.slots) {
    add_codes(plan_.slots[s].add, count * channels,
              now_.codes[prepared.inputs[0]].narrow.data() + at,
              now_.codes[prepared.inputs[1]].narrow.data() + at, now_.codes[s].narrow.data() + at,
              plan_.kernels);
    changed_[s].compare(now_.codes[s], golden_->workspace.codes[s], first, count);
  }
}

void Propagation::restore() {
  for (std::size_t s = 0; s < changed_.size(); ++s)
    if (changed_[s].any()) changed_[s].restore(now_.codes[s], golden_->workspace.codes[s]);
}

}  // namespace hwflow::train::fault
