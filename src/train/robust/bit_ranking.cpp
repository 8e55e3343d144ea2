#include "train/robust/bit_ranking.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::robust {
namespace {

using fault::Site;
using fault::Word;

std::int64_t flipped(std::int64_t code, const Word& word, int bit) {
  return fault::disturbed(code, word, fault::Effect::flip, std::uint64_t{1} << bit);
}

bool ranks_before(const WeightBit& a, const WeightBit& b) {
  return std::tuple(-a.gain, a.element, a.bit) < std::tuple(-b.gain, b.element, b.bit);
}

}  // namespace

std::vector<WeightBit> rank_bits(const integer::Plan& plan, const integer::Plan& words,
                                 std::size_t node, std::span<const double> gradients,
                                 std::int64_t count, const TakenBits& taken) {
  const Word word = fault::word_of(words, Site::weights, node, 0);
  const IntegerCompute& compute = *plan.network.nodes[node].compute;
  HWFLOW_CHECK(gradients.size() == compute.codes.size(), "a gradient for every code");
  std::vector<WeightBit> bits;
  for (std::size_t e = 0; e < compute.codes.size(); ++e) {
    if (count > 0 && gradients[e] == 0.0) continue;
    for (int bit = 0; bit < word.bits; ++bit) {
      const std::int64_t before = compute.codes[e], after = flipped(before, word, bit);
      const double gain = gradients[e] * static_cast<double>(after - before);
      if (count > 0 && !(gain > 0.0)) continue;
      const WeightBit candidate{
          static_cast<std::uint32_t>(node), static_cast<std::int64_t>(e), bit, before, after, gain};
      if (!taken.contains(key_of(candidate))) bits.push_back(candidate);
    }
  }
  if (count > 0 && count < std::ssize(bits)) {
    std::ranges::nth_element(bits, bits.begin() + count, ranks_before);
    bits.resize(static_cast<std::size_t>(count));
  }
  std::ranges::sort(bits, ranks_before);
  return bits;
}

std::vector<WeightBit> random_bits(const integer::Plan& plan, std::span<const std::size_t> layers,
                                   std::int64_t count, Rng& rng) {
  const auto bits_of = [&](std::size_t node) {
    return fault::word_count(plan, Site::weights, node, 0) *
           fault::word_of(plan, Site::weights, node, 0).bits;
  };
  std::int64_t all = 0;
  for (const std::size_t node : layers) all += bits_of(node);
  HWFLOW_CHECK(count <= all, "more flips than bits");
  std::vector<WeightBit> drawn;
  TakenBits taken;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> codes;  // that were changed
  while (std::ssize(drawn) < count) {
    auto at = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(all)));
    std::size_t layer = 0;
    for (; at >= bits_of(layers[layer]); ++layer) at -= bits_of(layers[layer]);
    const Word word = fault::word_of(plan, Site::weights, layers[layer], 0);
    WeightBit bit{static_cast<std::uint32_t>(layers[layer]), at / word.bits,
                  static_cast<int>(at % word.bits)};
    if (!taken.insert(key_of(bit)).second) continue;
    const std::int64_t stored =
        plan.network.nodes[bit.node].compute->codes[static_cast<std::size_t>(bit.element)];
    std::int64_t& code = codes.try_emplace({bit.node, bit.element}, stored).first->second;
    bit.before = code;
    bit.after = code = flipped(code, word, bit.bit);
    drawn.push_back(bit);
  }
  return drawn;
}

}  // namespace hwflow::train::robust
