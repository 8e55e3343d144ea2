#include "train/fault/array_fault.hpp"

#include <numeric>

#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

std::vector<std::int64_t> indices(std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

}  // namespace

MacSet all_macs(const integer::Plan& plan, std::size_t node) {
  const ConvShape& c = plan.nodes[node].conv;
  const FeatureShape out = plan.network.network.nodes()[node].shape;
  return {indices(c.groups),
          indices(c.out_channels / c.groups),
          indices(c.in_channels / c.groups),
          indices(out.height),
          indices(out.width),
          indices(c.kernel_height),
          indices(c.kernel_width)};
}

Word word_of(const integer::Plan& plan, std::size_t node, Register place) {
  switch (place) {
    case Register::weight: return word_of(plan, Site::weights, node, 0);
    case Register::input: {
      const QuantizerGrid& grid = plan.slots[plan.nodes[node].inputs[0]].grid;
      return {grid.bits, grid.low < 0};
    }
    case Register::partial_sum: break;
  }
  return {sum_bits(plan, node), true};
}

ArrayChange::ArrayChange(const integer::Plan& plan, const ArrayUpset& upset)
    : plan_(plan), upset_(upset), word_(word_of(plan, upset.node, upset.place)) {
  constexpr int kWidestTable = 8;
  if (upset.place == Register::partial_sum || word_.bits > kWidestTable) return;
  reach_ = std::int64_t{1} << word_.bits;
  for (std::int64_t value = -reach_; value <= reach_; ++value)
    errors_.push_back(
        static_cast<std::int32_t>(disturbed(value, word_, upset.effect, upset.bits) - value));
}

std::int64_t ArrayChange::error_of(std::int64_t value) const {
  if (!errors_.empty()) return errors_[static_cast<std::size_t>(value + reach_)];
  return disturbed(value, word_, upset_.effect, upset_.bits) - value;
}

std::int64_t ArrayChange::operator()(const integer::Workspace::Codes& codes, std::int64_t channel,
                                     std::int64_t row, std::int64_t column) const {
  const ConvShape& conv = plan_.nodes[upset_.node].conv;
  const IntegerCompute& compute = *plan_.network.nodes[upset_.node].compute;
  const integer::Slot& slot = plan_.slots[plan_.nodes[upset_.node].inputs[0]];
  const std::int64_t inputs = conv.in_channels / conv.groups;
  const std::int64_t first_input = channel / (conv.out_channels / conv.groups) * inputs;
  const std::int64_t taps = conv.kernel_height * conv.kernel_width;
  std::int64_t products = 0, change = 0;
  for (const std::int64_t r : upset_.macs.r) {
    const std::int64_t y = row * conv.stride_height + r * conv.dilation_height - conv.pad_top;
    if (y < 0 || y >= conv.in_height) continue;
    for (const std::int64_t s : upset_.macs.s) {
      const std::int64_t x = column * conv.stride_width + s * conv.dilation_width - conv.pad_left;
      if (x < 0 || x >= conv.in_width) continue;
      const std::int64_t pixel = (y * conv.in_width + x) * conv.in_channels + first_input;
      const std::int16_t* weights =
          compute.codes.data() + channel * inputs * taps + r * conv.kernel_width + s;
      for (const std::int64_t c : upset_.macs.c) {
        const std::int64_t weight = weights[c * taps];
        const std::int64_t input = integer::code_at(slot, codes, pixel + c);
        switch (upset_.place) {
          case Register::weight: change += error_of(weight) * input; break;
          case Register::input: change += weight * error_of(input); break;
          case Register::partial_sum: products += weight * input; break;
        }
      }
    }
  }
  return upset_.place == Register::partial_sum ? error_of(products) : change;
}

}  // namespace hwflow::train::fault
