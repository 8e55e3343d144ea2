#include "train/fault/full_run.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "train/fault/changed_network.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {

FullRun::FullRun(const integer::Plan& fault_free, std::span<const Upset> upsets)
    : upsets_(upsets.begin(), upsets.end()), fault_free_(&fault_free) {
  plan_ = std::make_unique<integer::Plan>(
      compile_changed(fault_free, changed_network(fault_free.network, fault_free, upsets)));
  for (const Upset& upset : upsets_)
    if (upset.site == Site::scales) change_scale(upset);
  workspace_ = integer::make_workspace(*plan_);
}

FullRun::FullRun(const integer::Plan& fault_free, std::span<const ArrayUpset> upsets)
    : FullRun(fault_free, std::span<const Upset>{}) {
  array_.assign(upsets.begin(), upsets.end());
}

void FullRun::change_scale(const Upset& upset) {
  integer::Slot& slot = plan_->slots[plan_->nodes[upset.node].slots.at(upset.copy)];
  const Word word = word_of(*fault_free_, Site::scales, upset.node, upset.copy);
  if (plan_->network.network.nodes()[upset.node].kind == NodeKind::add) {
    const std::int64_t before = slot.add.left, right = slot.add.right;
    std::int64_t& factor = upset.element == 0 ? slot.add.left : slot.add.right;
    factor = disturbed(factor, word, upset.effect, upset.bits);
    const auto offset = [&](std::size_t edge) {
      return plan_->slots[plan_->nodes[upset.node].inputs[edge]].offset;
    };
    slot.add.constant +=
        offset(0) * (before - slot.add.left) + offset(1) * (right - slot.add.right);
    slot.add.check_fit();
    return;
  }
  const auto k = static_cast<std::size_t>(upset.element);
  const FixedPoint factor =
      scale_of_word(disturbed(scale_word(slot.factors[k]), word, upset.effect, upset.bits));
  slot.factors[k] = factor;
  slot.requantizer.multiplier[k] = factor.multiplier;
  slot.requantizer.shift[k] = factor.shift;
  slot.requantizer.fits = false;
}

Verdict FullRun::run(const std::uint8_t* pixels, std::span<const std::int64_t> fault_free) {
  for (const integer::Slot& slot : plan_->slots)
    for (const FixedPoint& factor : slot.factors)
      if (!is_usable(factor)) {
        Verdict verdict;
        verdict.crashed = true;
        verdict.top1 =
            static_cast<std::int32_t>(std::ranges::max_element(fault_free) - fault_free.begin());
        return verdict;
      }
  for (std::size_t node = 0; node < plan_->nodes.size(); ++node) {
    run_node(node, pixels);
    disturb_codes(node);
    for (const ArrayUpset& upset : array_)
      if (upset.node == node) disturb_products(upset);
  }
  return verdict_of(fault_free, workspace_.logits);
}

void FullRun::run_node(std::size_t node, const std::uint8_t* pixels) {
  integer::run_node(*plan_, node, pixels, workspace_);
  if (std::ranges::any_of(upsets_, [&](const Upset& upset) {
        return upset.site == Site::accumulators && upset.node == node;
      }))
    disturb_sums(node);
}

/// Calls visit(weight, input, input channel of the group, filter row, filter column) for every
/// product of output `element`, (channel, row, column): the definition.
template <class Visit>
void FullRun::for_each_product(std::size_t node, std::int64_t element, const Visit& visit) const {
  const ConvShape& c = plan_->nodes[node].conv;
  const FeatureShape out = plan_->network.network.nodes()[node].shape;
  const std::size_t s = plan_->nodes[node].inputs[0];
  const std::int64_t inputs = c.in_channels / c.groups, outputs = c.out_channels / c.groups;
  const std::int64_t area = out.height * out.width;
  const std::int64_t k = element / area, p = element % area / out.width, q = element % out.width;
  auto weight = plan_->network.nodes[node].compute->codes.begin() +
                k * inputs * c.kernel_height * c.kernel_width;
  for (std::int64_t i = 0; i < inputs; ++i)
    for (std::int64_t r = 0; r < c.kernel_height; ++r)
      for (std::int64_t t = 0; t < c.kernel_width; ++t, ++weight) {
        const std::int64_t y = p * c.stride_height + r * c.dilation_height - c.pad_top;
        const std::int64_t x = q * c.stride_width + t * c.dilation_width - c.pad_left;
        if (y < 0 || y >= c.in_height || x < 0 || x >= c.in_width) continue;
        const std::int64_t at = (y * c.in_width + x) * c.in_channels + k / outputs * inputs + i;
        visit(std::int64_t{*weight},
              std::int64_t{integer::code_at(plan_->slots[s], workspace_.codes[s], at)}, i, r, t);
      }
}

std::int64_t FullRun::bias_of(std::size_t node, std::int64_t element) const {
  const FeatureShape out = plan_->network.network.nodes()[node].shape;
  const std::int64_t channel = element / (out.height * out.width);
  return plan_->network.nodes[node].compute->bias[static_cast<std::size_t>(channel)];
}

std::int64_t FullRun::plain_sum(std::size_t node, std::int64_t element) const {
  std::int64_t sum = bias_of(node, element);
  for_each_product(node, element, [&](std::int64_t weight, std::int64_t input, auto...) {
    sum += weight * input;
  });
  return sum;
}

void FullRun::disturb_sums(std::size_t node) {
  std::map<std::int64_t, std::int64_t> sums;  // by element
  for (const Upset& upset : upsets_) {
    if (upset.site != Site::accumulators || upset.node != node) continue;
    const auto known = sums.try_emplace(upset.element, plain_sum(node, upset.element)).first;
    known->second = disturbed(known->second, word_of(*fault_free_, Site::accumulators, node, 0),
                              upset.effect, upset.bits);
  }
  for (const auto& [element, sum] : sums) store_sum(node, element, sum);
}

void FullRun::store_sum(std::size_t node, std::int64_t element, std::int64_t sum) {
  const FeatureShape out = plan_->network.network.nodes()[node].shape;
  const auto k = static_cast<std::size_t>(element / (out.height * out.width));
  for (const std::size_t s : plan_->nodes[node].slots) {
    const integer::Slot& slot = plan_->slots[s];
    store_code(s, element,
               std::clamp<std::int64_t>(rescale(sum, slot.factors[k]), slot.low, slot.high));
  }
  if (node != plan_->output) return;
  workspace_.logits[static_cast<std::size_t>(element)] = sum * plan_->logit_factors[k];
  integer::finish_logits(*plan_, workspace_);
}

/// Every product of the layer, one after the other; those of the set read the register.
void FullRun::disturb_products(const ArrayUpset& upset) {
  const ConvShape& c = plan_->nodes[upset.node].conv;
  const FeatureShape out = plan_->network.network.nodes()[upset.node].shape;
  const Word word = word_of(*fault_free_, upset.node, upset.place);
  const auto faulty = [&](std::int64_t v) { return disturbed(v, word, upset.effect, upset.bits); };
  const auto has = [](const std::vector<std::int64_t>& set, std::int64_t i) {
    return std::ranges::binary_search(set, i);
  };
  const std::int64_t area = out.height * out.width, outputs = c.out_channels / c.groups;
  for (std::int64_t element = 0; element < out.elements(); ++element) {
    const std::int64_t k = element / area;
    const bool is_own = has(upset.macs.g, k / outputs) && has(upset.macs.k, k % outputs) &&
                        has(upset.macs.p, element % area / out.width) &&
                        has(upset.macs.q, element % out.width);
    std::int64_t others = bias_of(upset.node, element), own = 0;
    for_each_product(
        upset.node, element,
        [&](std::int64_t weight, std::int64_t input, std::int64_t i, std::int64_t r,
            std::int64_t t) {
          if (!is_own || !has(upset.macs.c, i) || !has(upset.macs.r, r) || !has(upset.macs.s, t)) {
            others += weight * input;
            return;
          }
          if (upset.place == Register::weight) weight = faulty(weight);
          if (upset.place == Register::input) input = faulty(input);
          own += weight * input;
        });
    if (is_own && upset.place == Register::partial_sum) own = faulty(own);
    store_sum(upset.node, element, others + own);
  }
}

/// element: (channel, row, column)
void FullRun::store_code(std::size_t s, std::int64_t element, std::int64_t code) {
  const integer::Slot& slot = plan_->slots[s];
  const std::int64_t area = slot.shape.height * slot.shape.width;
  const auto at = static_cast<std::size_t>(element % area * slot.shape.channels + element / area);
  if (slot.wide)
    workspace_.codes[s].wide[at] = static_cast<std::int32_t>(code);
  else
    workspace_.codes[s].narrow[at] = static_cast<std::uint8_t>(code + slot.offset);
}

void FullRun::disturb_codes(std::size_t node) {
  const FeatureShape out = plan_->network.network.nodes()[node].shape;
  const std::int64_t area = out.height * out.width;
  for (const Upset& upset : upsets_) {
    if (upset.site != Site::activations || upset.node != node) continue;
    const std::size_t s = plan_->nodes[node].slots.at(upset.copy);
    const std::int64_t at = upset.element % area * out.channels + upset.element / area;
    store_code(s, upset.element,
               disturbed(integer::code_at(plan_->slots[s], workspace_.codes[s], at),
                         word_of(*fault_free_, Site::activations, node, upset.copy), upset.effect,
                         upset.bits));
  }
}

}  // namespace hwflow::train::fault
