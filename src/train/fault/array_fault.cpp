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

std::int64_t array_change(const integer::Plan& plan, const ArrayUpset& upset,
                          const integer::Workspace::Codes& codes, std::int64_t channel,
                          std::int64_t row, std::int64_t column) {
  const ConvShape& conv = plan.nodes[upset.node].conv;
  const IntegerCompute& compute = *plan.network.nodes[upset.node].compute;
  const integer::Slot& slot = plan.slots[plan.nodes[upset.node].inputs[0]];
  const Word word = word_of(plan, upset.node, upset.place);
  const std::int64_t inputs = conv.in_channels / conv.groups;
  const std::int64_t first_input = channel / (conv.out_channels / conv.groups) * inputs;
  const auto faulty = [&](std::int64_t value) {
    return disturbed(value, word, upset.effect, upset.bits);
  };
  std::int64_t products = 0, faulty_products = 0;
  for (const std::int64_t r : upset.macs.r) {
    const std::int64_t y = row * conv.stride_height + r * conv.dilation_height - conv.pad_top;
    if (y < 0 || y >= conv.in_height) continue;
    for (const std::int64_t s : upset.macs.s) {
      const std::int64_t x = column * conv.stride_width + s * conv.dilation_width - conv.pad_left;
      if (x < 0 || x >= conv.in_width) continue;
      const std::int64_t pixel = (y * conv.in_width + x) * conv.in_channels + first_input;
      for (const std::int64_t c : upset.macs.c) {
        const std::int64_t weight = compute.codes[static_cast<std::size_t>(
            ((channel * inputs + c) * conv.kernel_height + r) * conv.kernel_width + s)];
        const std::int64_t input = integer::code_at(slot, codes, pixel + c);
        products += weight * input;
        if (upset.place == Register::weight) faulty_products += faulty(weight) * input;
        if (upset.place == Register::input) faulty_products += weight * faulty(input);
      }
    }
  }
  if (upset.place == Register::partial_sum) faulty_products = faulty(products);
  return faulty_products - products;
}

}  // namespace hwflow::train::fault
