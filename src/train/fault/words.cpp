#include "train/fault/words.hpp"

#include "base/check.hpp"
#include "train/quant/integer_checks.hpp"

namespace hwflow::train::fault {
namespace {

const Node& description(const integer::Plan& plan, std::size_t node) {
  return plan.network.network.nodes()[node];
}

/// One bit, and DoReFa: codes are the odd numbers of -(2^b - 1)..2^b - 1.
bool has_odd_codes(const IntegerCompute& compute) {
  const std::int32_t most = (1 << compute.bits) - 1;
  return compute.low == -most && compute.high == most;
}

}  // namespace

int sum_bits(const integer::Plan& plan, std::size_t node) {
  return plan.nodes[node].kernel == integer::Kernel::wide ? kWideSumBits : kSumBits;
}

Word word_of(const integer::Plan& plan, Site site, std::size_t node, std::size_t copy) {
  switch (site) {
    case Site::weights: {
      const IntegerCompute& compute = *plan.network.nodes[node].compute;
      if (has_odd_codes(compute)) return {compute.bits, false, compute.low, 2};
      return {compute.bits, compute.low < 0};
    }
    case Site::biases:
    case Site::accumulators: return {sum_bits(plan, node), true};
    case Site::scales: {
      const bool add = description(plan, node).kind == NodeKind::add;
      return {kMultiplierBits + (add ? 0 : kShiftBits), false};
    }
    case Site::activations: {
      const QuantizerGrid& grid = plan.slots[plan.nodes[node].slots.at(copy)].grid;
      return {grid.bits, grid.low < 0};
    }
  }
  HWFLOW_CHECK(false, "a site that nobody knows");
  return {};
}

std::int64_t word_count(const integer::Plan& plan, Site site, std::size_t node, std::size_t copy) {
  const Node& described = description(plan, node);
  const std::optional<IntegerCompute>& compute = plan.network.nodes[node].compute;
  const bool stored = copy < copies_of(plan, node);
  switch (site) {
    case Site::weights: return compute ? std::ssize(compute->codes) : 0;
    case Site::biases: return compute ? std::ssize(compute->bias) : 0;
    case Site::accumulators: return compute ? described.shape.elements() : 0;
    case Site::activations: return stored ? described.shape.elements() : 0;
    case Site::scales:
      if (!stored || described.kind == NodeKind::input) return 0;
      return described.kind == NodeKind::add ? 2 : described.shape.channels;
  }
  return 0;
}

std::size_t copies_of(const integer::Plan& plan, std::size_t node) {
  return integer::only_moves_data(description(plan, node).kind) ? 0 : plan.nodes[node].slots.size();
}

std::int64_t scale_word(const FixedPoint& factor) {
  return (std::int64_t{factor.shift} << kMultiplierBits) | factor.multiplier;
}

FixedPoint scale_of_word(std::int64_t word) {
  constexpr std::int64_t kMultiplier = (std::int64_t{1} << kMultiplierBits) - 1;
  return {static_cast<std::int32_t>(word & kMultiplier), static_cast<int>(word >> kMultiplierBits)};
}

bool is_usable(const FixedPoint& factor) {
  return factor.shift >= 1 && factor.shift <= kMaximumShift;
}

}  // namespace hwflow::train::fault
