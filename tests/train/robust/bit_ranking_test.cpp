#include "train/robust/bit_ranking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/train/robust/flip_case.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::robust {
namespace {

using testing::ElementsAre;

constexpr std::size_t kFc = 2;

struct RankCase : FlipCase {
  using FlipCase::FlipCase;
  integer::Plan plan = integer::compile(integers, KernelSet::best).value();
  std::vector<double> gradients = [this] {
    std::vector<double> values(plan.network.nodes[kFc].compute->codes.size());
    for (double& value : values) value = rng.normal();
    values[3] = 0.0;
    return values;
  }();
};

TEST(BitRanking, ByHandInTwosComplement) {
  RankCase c(1, 3);
  std::vector<std::int16_t>& codes = c.plan.network.nodes[kFc].compute->codes;
  std::ranges::fill(codes, std::int16_t{0});
  codes[5] = -3;  // 101
  std::vector<double> gradients(codes.size());
  gradients[5] = 2.0;
  // 101 -> 100 (-4), 111 (-1), 001 (1): changes -1, +2, +4.
  EXPECT_THAT(rank_bits(c.plan, c.plan, kFc, gradients, 10, {}),
              ElementsAre(WeightBit{kFc, 5, 2, -3, 1, 8.0}, WeightBit{kFc, 5, 1, -3, -1, 4.0}));
  gradients[5] = -2.0;
  EXPECT_THAT(rank_bits(c.plan, c.plan, kFc, gradients, 10, {}),
              ElementsAre(WeightBit{kFc, 5, 0, -3, -4, 2.0}));
}

TEST(BitRanking, EqualsEnumerationAtEveryWidth) {
  for (int width = 1; width <= 8; ++width) {
    RankCase c(static_cast<std::uint64_t>(width), width);
    const fault::Word word = fault::word_of(c.plan, fault::Site::weights, kFc, 0);
    std::vector<WeightBit> all;
    for (std::int64_t e = 0; e < std::ssize(c.gradients); ++e) {
      for (int bit = 0; bit < width; ++bit) {
        const auto i = static_cast<std::size_t>(e);
        WeightBit b{kFc, e, bit, c.plan.network.nodes[kFc].compute->codes[i]};
        b.after = fault::disturbed(b.before, word, fault::Effect::flip, b.upset().bits);
        b.gain = c.gradients[i] * static_cast<double>(b.after - b.before);
        all.push_back(b);
      }
    }
    std::ranges::stable_sort(all, std::greater{}, &WeightBit::gain);
    EXPECT_EQ(rank_bits(c.plan, c.plan, kFc, c.gradients, 0, {}), all);
    std::erase_if(all, [](const WeightBit& b) { return b.gain <= 0.0; });
    EXPECT_EQ(rank_bits(c.plan, c.plan, kFc, c.gradients, 1'000'000, {}), all);
    const TakenBits taken{key_of(all[1])};
    all.erase(all.begin() + 1);
    all.resize(4);
    EXPECT_EQ(rank_bits(c.plan, c.plan, kFc, c.gradients, 4, taken), all) << width;
  }
}

TEST(RandomBits, AllOfThemAreEachBitOnce) {
  RankCase c(3, 4);
  Rng rng(5);
  const std::vector<std::size_t> layers{1, kFc};
  const std::int64_t all = 4 * (2 * 2 * 9 + 3 * 8);
  const auto bits = random_bits(c.plan, layers, all, rng);
  TakenBits seen;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::int64_t> codes;
  for (const WeightBit& b : bits) {
    EXPECT_TRUE(seen.insert(key_of(b)).second);
    const auto e = static_cast<std::size_t>(b.element);
    const std::int64_t stored = c.plan.network.nodes[b.node].compute->codes.at(e);
    std::int64_t& code = codes.try_emplace({b.node, b.element}, stored).first->second;
    EXPECT_EQ(b.before, code);
    code = b.after;
  }
  EXPECT_EQ(std::ssize(seen), all);
  for (const auto& [word, code] : codes)  // all four bits flipped: -1 - code
    EXPECT_EQ(
        code,
        -1 -
            c.plan.network.nodes[word.first].compute->codes[static_cast<std::size_t>(word.second)]);
}

TEST(RandomBits, EachBitIsAsLikelyAsTheOthers) {
  RankCase c(3, 4);
  const std::vector<std::size_t> layers{1, kFc};  // 144 and 96 bits
  int first = 0, top = 0;
  constexpr int kDraws = 2000;
  for (std::uint64_t seed = 0; seed < kDraws; ++seed) {
    Rng rng(seed);
    const WeightBit bit = random_bits(c.plan, layers, 1, rng).front();
    first += bit.node == 1 ? 1 : 0;
    top += bit.bit == 3 ? 1 : 0;
  }
  EXPECT_NEAR(first, kDraws * 0.6, 4 * 22);  // 4 deviations of a binomial
  EXPECT_NEAR(top, kDraws * 0.25, 4 * 19.4);
}

}  // namespace
}  // namespace hwflow::train::robust
