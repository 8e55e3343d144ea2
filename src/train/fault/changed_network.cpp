#include "train/fault/changed_network.hpp"

#include <type_traits>
#include <utility>

#include "base/check.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

/// Codes beyond the range that the layer's own quantizer uses are still codes of the word.
void widen_range(IntegerCompute& compute, const Word& word) {
  if (word.step != 1) return;  // all words are codes
  const std::int32_t half = 1 << (word.bits - 1);
  compute.low = word.is_signed ? -half : 0;
  compute.high = word.is_signed ? half - 1 : 2 * half - 1;
}

}  // namespace

IntegerNetwork changed_network(IntegerNetwork network, const integer::Plan& plan,
                               std::span<const Upset> upsets) {
  for (const Upset& upset : upsets) {
    if (upset.site != Site::weights && upset.site != Site::biases) continue;
    const Word word = word_of(plan, upset.site, upset.node, upset.copy);
    IntegerCompute& compute = *network.nodes[upset.node].compute;
    const auto i = static_cast<std::size_t>(upset.element);
    const auto change = [&](auto& stored) {
      stored = static_cast<std::decay_t<decltype(stored)>>(
          disturbed(stored, word, upset.effect, upset.bits));
    };
    if (upset.site == Site::biases) {
      change(compute.bias.at(i));
      continue;
    }
    change(compute.codes.at(i));
    widen_range(compute, word);
  }
  return network;
}

integer::Plan compile_changed(const integer::Plan& fault_free, IntegerNetwork changed,
                              std::span<const integer::SharedWeights> weights) {
  auto plan = integer::compile(std::move(changed), fault_free.kernels, weights);
  HWFLOW_CHECK(plan.has_value(), "a fault that makes the network another");
  plan->logit_unit = fault_free.logit_unit;
  plan->logit_factors = fault_free.logit_factors;
  return std::move(*plan);
}

}  // namespace hwflow::train::fault
