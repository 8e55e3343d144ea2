// What the upsets of a node do to its own sums, factors and codes.

#include <algorithm>

#include "base/check.hpp"
#include "train/fault/propagation.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

/// As rescale() where the product fits in 64 bits.
std::int64_t quickly_rescaled(std::int64_t sum, const FixedPoint& factor) {
  constexpr std::int64_t kFits = std::int64_t{1} << 31;
  if (sum < -kFits || sum >= kFits) return rescale(sum, factor);
  return (sum * factor.multiplier + (std::int64_t{1} << (factor.shift - 1))) >> factor.shift;
}

std::int64_t weights_per_output(const integer::Plan& plan, std::size_t node) {
  const IntegerCompute& compute = *plan.network.nodes[node].compute;
  return std::ssize(compute.codes) / std::ssize(compute.bias);
}

std::int64_t area_of(const integer::Plan& plan, std::size_t node) {
  const FeatureShape& shape = plan.network.network.nodes()[node].shape;
  return shape.height * shape.width;
}

/// The output channel that an upset of a compute node or pooling disturbs.
std::int64_t channel_of(const integer::Plan& plan, const Upset& upset) {
  switch (upset.site) {
    case Site::weights: return upset.element / weights_per_output(plan, upset.node);
    case Site::accumulators: return upset.element / area_of(plan, upset.node);
    default: return upset.element;
  }
}

/// Calls visit(output pixel, element of the input) for all that read through a weight of `channel`.
template <class Visit>
void for_each_read(const integer::Plan& plan, std::size_t node, std::int64_t channel,
                   std::int64_t weight, const Visit& visit) {
  const ConvShape& c = plan.nodes[node].conv;
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  const std::int64_t taps = c.kernel_height * c.kernel_width;
  const std::int64_t group = channel / (c.out_channels / c.groups);
  const std::int64_t in = group * (c.in_channels / c.groups) + weight / taps;
  const std::int64_t r = weight % taps / c.kernel_width, s = weight % c.kernel_width;
  for (std::int64_t p = 0; p < out.height; ++p) {
    const std::int64_t y = p * c.stride_height + r * c.dilation_height - c.pad_top;
    if (y < 0 || y >= c.in_height) continue;
    for (std::int64_t q = 0; q < out.width; ++q) {
      const std::int64_t x = q * c.stride_width + s * c.dilation_width - c.pad_left;
      if (x >= 0 && x < c.in_width)
        visit(p * out.width + q, (y * c.in_width + x) * c.in_channels + in);
    }
  }
}

}  // namespace

void Propagation::disturb(std::size_t node, std::span<const Upset> upsets) {
  // In place within this run's own copy: sums and factors first, stored codes last.
  const auto at = upsets_.begin() + (upsets.data() - upsets_.data());
  const auto end = at + std::ssize(upsets);
  const auto codes = std::stable_partition(
      at, end, [](const Upset& upset) { return upset.site != Site::activations; });
  if (plan_.network.network.nodes()[node].kind == NodeKind::add) {
    if (at != codes) disturb_add(node, {at, codes});
  } else {
    std::stable_sort(at, codes, [&](const Upset& a, const Upset& b) {
      return channel_of(plan_, a) < channel_of(plan_, b);
    });
    for (auto first = at; first != codes && !crashed_;) {
      const std::int64_t channel = channel_of(plan_, *first);
      const auto last = std::find_if(
          first, codes, [&](const Upset& upset) { return channel_of(plan_, upset) != channel; });
      disturb_channel(node, channel, {first, last});
      first = last;
    }
  }
  disturb_codes(node, {codes, end});
}

void Propagation::disturb_channel(std::size_t node, std::int64_t channel,
                                  std::span<const Upset> upsets) {
  const std::int64_t area = area_of(plan_, node);
  disturbed_pixels_.clear();
  const bool all = std::ranges::any_of(
      upsets, [](const Upset& upset) { return upset.site != Site::accumulators; });
  for (std::int64_t pixel = 0; all && pixel < area; ++pixel) disturbed_pixels_.push_back(pixel);
  for (const Upset& upset : upsets)
    if (!all) disturbed_pixels_.push_back(upset.element % area);
  disturbed_sums_.clear();
  for (const std::int64_t pixel : disturbed_pixels_)
    disturbed_sums_.push_back(sum_at(node, channel, pixel));
  disturb_weights(node, channel, upsets);
  std::int64_t bias = 0;
  for (const Upset& upset : upsets) {
    if (upset.site != Site::biases) continue;
    const std::int64_t stored =
        plan_.network.nodes[node].compute->bias[static_cast<std::size_t>(channel)];
    bias =
        disturbed(stored + bias, word_of(plan_, Site::biases, node, 0), upset.effect, upset.bits) -
        stored;
  }
  for (std::int64_t& sum : disturbed_sums_) sum += bias;
  for (const Upset& upset : upsets) {
    if (upset.site != Site::accumulators) continue;
    const std::int64_t pixel = upset.element % area;
    for (std::size_t i = 0; i < disturbed_pixels_.size(); ++i)
      if (disturbed_pixels_[i] == pixel)
        disturbed_sums_[i] =
            disturbed(disturbed_sums_[i], word_of(plan_, Site::accumulators, node, 0), upset.effect,
                      upset.bits);
  }
  store_channel(node, channel, upsets);
}

void Propagation::disturb_array(const ArrayUpset& upset) {
  const integer::Workspace::Codes& input = now_.codes[plan_.nodes[upset.node].inputs[0]];
  const std::int64_t width = plan_.network.network.nodes()[upset.node].shape.width;
  const ConvShape& conv = plan_.nodes[upset.node].conv;
  const ArrayChange change_of(plan_, upset);
  for (const std::int64_t g : upset.macs.g)
    for (const std::int64_t k : upset.macs.k) {
      const std::int64_t channel = g * (conv.out_channels / conv.groups) + k;
      disturbed_pixels_.clear();
      disturbed_sums_.clear();
      for (const std::int64_t p : upset.macs.p)
        for (const std::int64_t q : upset.macs.q) {
          const std::int64_t change = change_of(input, channel, p, q);
          if (change == 0) continue;
          disturbed_pixels_.push_back(p * width + q);
          disturbed_sums_.push_back(sum_at(upset.node, channel, p * width + q) + change);
        }
      if (!disturbed_pixels_.empty()) store_channel(upset.node, channel, {});
    }
}

void Propagation::disturb_weights(std::size_t node, std::int64_t channel,
                                  std::span<const Upset> upsets) {
  std::vector<std::pair<std::int64_t, std::int64_t>> changed;  // element, code
  for (const Upset& upset : upsets) {
    if (upset.site != Site::weights) continue;
    const IntegerCompute& compute = *plan_.network.nodes[node].compute;
    auto known = std::ranges::find(changed, upset.element, &decltype(changed)::value_type::first);
    if (known == changed.end()) {
      changed.emplace_back(upset.element, compute.codes[static_cast<std::size_t>(upset.element)]);
      known = changed.end() - 1;
    }
    known->second =
        disturbed(known->second, word_of(plan_, Site::weights, node, 0), upset.effect, upset.bits);
  }
  const std::size_t s = changed.empty() ? 0 : plan_.nodes[node].inputs[0];
  for (const auto& [element, code] : changed) {
    const std::int64_t difference =
        code - plan_.network.nodes[node].compute->codes[static_cast<std::size_t>(element)];
    if (difference == 0) continue;
    for_each_read(plan_, node, channel, element % weights_per_output(plan_, node),
                  [&](std::int64_t pixel, std::int64_t input) {
                    disturbed_sums_[static_cast<std::size_t>(pixel)] +=
                        difference * integer::code_at(plan_.slots[s], now_.codes[s], input);
                  });
  }
}

std::int64_t Propagation::sum_at(std::size_t node, std::int64_t channel, std::int64_t pixel) const {
  const std::int64_t i = pixel * sums_.stride + channel;
  if (golden_->sums[node].empty()) return direct_sum(node, channel, pixel);
  const bool own = sums_.all || sums_.is_own[static_cast<std::size_t>(pixel)] != 0;
  return own ? sums_.values[static_cast<std::size_t>(i)]
             : golden_->sums[node][static_cast<std::size_t>(i)];
}

/// Of nodes that keep no sums.
std::int64_t Propagation::direct_sum(std::size_t node, std::int64_t channel,
                                     std::int64_t pixel) const {
  const integer::PreparedNode& prepared = plan_.nodes[node];
  const std::size_t s = prepared.inputs[0];
  const FeatureShape in = plan_.slots[s].shape;
  const FeatureShape out = plan_.network.network.nodes()[node].shape;
  const ConvShape& c = prepared.conv;
  const bool average = !plan_.network.nodes[node].compute;
  const std::int64_t inputs = average ? 1 : c.in_channels / c.groups;
  const std::int64_t first_in = average ? channel : channel / (c.out_channels / c.groups) * inputs;
  std::int64_t sum =
      average ? 0 : plan_.network.nodes[node].compute->bias[static_cast<std::size_t>(channel)];
  for (std::int64_t r = 0; r < c.kernel_height; ++r)
    for (std::int64_t q = 0; q < c.kernel_width; ++q) {
      const std::int64_t y =
          pixel / out.width * c.stride_height + r * c.dilation_height - c.pad_top;
      const std::int64_t x = pixel % out.width * c.stride_width + q * c.dilation_width - c.pad_left;
      if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
      for (std::int64_t i = 0; i < inputs; ++i) {
        const std::int64_t code = integer::code_at(plan_.slots[s], now_.codes[s],
                                                   (y * in.width + x) * in.channels + first_in + i);
        const std::int64_t weight =
            average ? 1
                    : plan_.network.nodes[node].compute->codes[static_cast<std::size_t>(
                          ((channel * inputs + i) * c.kernel_height + r) * c.kernel_width + q)];
        sum += code * weight;
      }
    }
  return sum;
}

void Propagation::store_channel(std::size_t node, std::int64_t channel,
                                std::span<const Upset> upsets) {
  const std::vector<std::size_t>& slots = plan_.nodes[node].slots;
  for (std::size_t copy = 0; copy < slots.size(); ++copy) {
    const integer::Slot& slot = plan_.slots[slots[copy]];
    std::int64_t word = scale_word(slot.factors[static_cast<std::size_t>(channel)]);
    for (const Upset& upset : upsets)
      if (upset.site == Site::scales && upset.copy == copy)
        word = disturbed(word, word_of(plan_, Site::scales, node, copy), upset.effect, upset.bits);
    const FixedPoint factor = scale_of_word(word);
    if (!is_usable(factor)) {
      crashed_ = true;
      return;
    }
    for (std::size_t i = 0; i < disturbed_pixels_.size(); ++i)
      store_code(slots[copy], disturbed_pixels_[i], channel,
                 std::clamp<std::int64_t>(quickly_rescaled(disturbed_sums_[i], factor), slot.low,
                                          slot.high));
  }
  if (node != plan_.output) return;
  begin_logits();
  const std::int64_t area = area_of(plan_, node);
  for (std::size_t i = 0; i < disturbed_pixels_.size(); ++i)
    now_.logits[static_cast<std::size_t>(channel * area + disturbed_pixels_[i])] =
        disturbed_sums_[i] * plan_.logit_factors[static_cast<std::size_t>(channel)];
  integer::finish_logits(plan_, now_);
}

void Propagation::begin_logits() {
  if (!has_logits_) now_.logits = golden_->workspace.logits;
  has_logits_ = true;
}

void Propagation::store_code(std::size_t s, std::int64_t pixel, std::int64_t channel,
                             std::int64_t code) {
  const integer::Slot& slot = plan_.slots[s];
  const auto i = static_cast<std::size_t>(pixel * slot.shape.channels + channel);
  const Codes& now = now_.codes[s];
  const Codes& golden = golden_->workspace.codes[s];
  const bool differs = code != integer::code_at(slot, golden, static_cast<std::int64_t>(i));
  if (slot.wide)
    now.wide[i] = static_cast<std::int32_t>(code);
  else
    now.narrow[i] = static_cast<std::uint8_t>(code + slot.offset);
  if (differs) changed_[s].mark_group(pixel, channel / kInputGroup);
}

void Propagation::disturb_add(std::size_t node, std::span<const Upset> upsets) {
  const integer::PreparedNode& prepared = plan_.nodes[node];
  const std::int64_t count = plan_.network.network.nodes()[node].shape.elements();
  const std::int64_t channels = plan_.network.network.nodes()[node].shape.channels;
  for (std::size_t copy = 0; copy < prepared.slots.size(); ++copy) {
    const std::size_t s = prepared.slots[copy];
    const integer::Slot& slot = plan_.slots[s];
    std::int64_t factors[] = {slot.add.left, slot.add.right};
    bool changed = false;
    for (const Upset& upset : upsets) {
      if (upset.copy != copy) continue;
      changed = true;
      std::int64_t& factor = factors[upset.element];
      factor =
          disturbed(factor, word_of(plan_, Site::scales, node, copy), upset.effect, upset.bits);
    }
    const std::int64_t half = std::int64_t{1} << (slot.add.shift - 1);
    for (std::int64_t i = 0; changed && i < count; ++i) {
      std::int64_t sum = half;
      for (std::size_t edge = 0; edge < 2; ++edge)
        sum += integer::code_at(plan_.slots[prepared.inputs[edge]],
                                now_.codes[prepared.inputs[edge]], i) *
               factors[edge];
      store_code(s, i / channels, i % channels,
                 std::clamp<std::int64_t>(sum >> slot.add.shift, slot.low, slot.high));
    }
  }
}

void Propagation::disturb_codes(std::size_t node, std::span<const Upset> upsets) {
  const std::int64_t area = area_of(plan_, node);
  for (const Upset& upset : upsets) {
    const std::size_t s = plan_.nodes[node].slots.at(upset.copy);
    const std::int64_t pixel = upset.element % area, channel = upset.element / area;
    const std::int64_t stored = integer::code_at(plan_.slots[s], now_.codes[s],
                                                 pixel * plan_.slots[s].shape.channels + channel);
    store_code(s, pixel, channel,
               disturbed(stored, word_of(plan_, Site::activations, node, upset.copy), upset.effect,
                         upset.bits));
  }
}

}  // namespace hwflow::train::fault
