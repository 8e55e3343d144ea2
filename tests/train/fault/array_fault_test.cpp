#include "train/fault/array_fault.hpp"

#include <gtest/gtest.h>

#include "tests/train/fault/integer_case.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/propagation.hpp"
#include "train/fault/words.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train::fault {
namespace {

constexpr Register kRegisters[] = {Register::weight, Register::input, Register::partial_sum};

std::vector<std::int64_t> some_of(Rng& rng, const std::vector<std::int64_t>& all) {
  std::vector<std::int64_t> some;
  for (const std::int64_t i : all)
    if (rng.below(2) == 0) some.push_back(i);
  if (some.empty()) some.push_back(all[rng.below(all.size())]);
  return some;
}

/// A part of every layer, as elements of an array have.
std::vector<ArrayUpset> random_array(IntegerCase& c) {
  std::vector<ArrayUpset> upsets;
  const Register place = kRegisters[c.rng.below(3)];
  const auto effect = static_cast<Effect>(c.rng.below(3));
  const auto bit = c.rng.below(place == Register::partial_sum ? 20 : 8);
  for (std::size_t node = 0; node < c.plan.nodes.size(); ++node) {
    if (!c.plan.network.nodes[node].compute || c.rng.below(4) == 0) continue;
    MacSet macs = all_macs(c.plan, node);
    for (auto* set : {&macs.g, &macs.k, &macs.c, &macs.p, &macs.q, &macs.r, &macs.s})
      *set = some_of(c.rng, *set);
    upsets.push_back({static_cast<std::uint32_t>(node), place, effect, std::uint64_t{1} << bit,
                      std::move(macs)});
  }
  return upsets;
}

TEST(ArrayFault, EqualsFullRunsOnRandomNetworks) {
  int changed = 0, runs = 0;
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    IntegerCase c(seed, 1, seed % 3 == 0 ? RandomNetworkOptions{} : RandomNetworkOptions{8, 8});
    Propagation propagation(c.plan);
    propagation.begin(c.golden);
    for (int fault = 0; fault < 5; ++fault) {
      const std::vector<ArrayUpset> upsets = random_array(c);
      if (upsets.empty()) continue;
      const Verdict quick = propagation.run(upsets);
      const Verdict full = FullRun(c.plan, upsets).run(c.pixels.data(), c.golden.workspace.logits);
      ASSERT_EQ(quick, full) << "seed " << seed;
      ++runs;
      changed += full.masked ? 0 : 1;
    }
  }
  EXPECT_GT(changed, runs / 2);
}

/// All products of a layer read a disturbed weight register: as if all its weights were disturbed.
TEST(ArrayFault, OfAllProductsIsANetworkOfOtherWeights) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    IntegerCase c(seed);
    const std::size_t node = c.plan.output;
    IntegerNetwork changed = c.network;
    IntegerCompute& compute = *changed.nodes[node].compute;
    for (std::int16_t& code : compute.codes) {
      const auto byte = static_cast<std::uint8_t>(code);
      code = static_cast<std::int8_t>(static_cast<std::uint8_t>(byte & 0xBFU));
    }
    compute.low = -128;
    const ArrayUpset upset{static_cast<std::uint32_t>(node), Register::weight, Effect::stuck_at_0,
                           0x40, all_macs(c.plan, node)};
    Propagation propagation(c.plan);
    propagation.begin(c.golden);
    const Verdict verdict = propagation.run(std::span(&upset, 1));
    const auto executor = IntegerExecutor::make(changed).value();
    EXPECT_EQ(verdict.top1, executor.predict(c.pixels, 1, 1).front());
    EXPECT_EQ(verdict.masked, executor.logits(c.pixels, 1, 1) == c.golden.workspace.logits);
  }
}

/// Elements that share a layer's products among them add up to the whole.
TEST(ArrayFault, ElementsAddUpToTheLayer) {
  IntegerCase c(5);
  for (std::size_t node = 0; node < c.plan.nodes.size(); ++node) {
    if (!c.plan.network.nodes[node].compute) continue;
    const MacSet all = all_macs(c.plan, node);
    const integer::Workspace::Codes& codes = c.golden.workspace.codes[c.plan.nodes[node].inputs[0]];
    for (const Register place : {Register::weight, Register::input}) {
      const ArrayUpset whole{static_cast<std::uint32_t>(node), place, Effect::flip, 4, all};
      const std::int64_t expected = ArrayChange(c.plan, whole)(codes, 0, 0, 0);
      std::int64_t total = 0;
      for (const std::int64_t i : all.c)
        for (const std::int64_t r : all.r) {
          ArrayUpset part = whole;
          part.macs.c = {i};
          part.macs.r = {r};
          total += ArrayChange(c.plan, part)(codes, 0, 0, 0);
        }
      EXPECT_EQ(total, expected);
    }
  }
}

/// One weight for all outputs of its channel: a disturbed stored weight.
TEST(ArrayFault, OfOneWeightIsAStoredWeight) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    IntegerCase c(seed);
    Propagation propagation(c.plan);
    propagation.begin(c.golden);
    for (std::size_t node = 0; node < c.plan.nodes.size(); ++node) {
      if (!c.plan.network.nodes[node].compute) continue;
      MacSet macs = all_macs(c.plan, node);
      macs.g = {macs.g.back()};
      macs.k = {macs.k.back()};
      macs.c = {macs.c.back()};
      macs.r = {macs.r.back()};
      macs.s = {macs.s.back()};
      const ArrayUpset array{static_cast<std::uint32_t>(node), Register::weight, Effect::flip, 0x20,
                             macs};
      const Upset stored{Site::weights,
                         Effect::flip,
                         static_cast<std::uint32_t>(node),
                         0,
                         word_count(c.plan, Site::weights, node, 0) - 1,
                         0x20};
      EXPECT_EQ(propagation.run(std::span(&array, 1)), propagation.run(std::span(&stored, 1)));
    }
  }
}

}  // namespace
}  // namespace hwflow::train::fault
