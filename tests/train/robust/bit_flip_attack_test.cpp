#include "train/robust/bit_flip_attack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/train/robust/flip_case.hpp"
#include "train/fault/campaign.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/words.hpp"
#include "train/robust/code_gradients.hpp"

namespace hwflow::train::robust {
namespace {

/// Every bit measures what it does: the first order has no say.
BitFlipOptions exhaustive(std::int64_t flips) {
  return {.flips = flips, .images = 100, .candidates = 0, .until = 0.0, .random_runs = 0};
}

/// Flips of `upsets` by a changed copy of the network, none of the search's code.
double plain_objective(const FlipCase& c, const std::vector<fault::Upset>& upsets,
                       const FlipBatch& batch) {
  const integer::Plan plan = integer::compile(c.integers, KernelSet::best).value();
  fault::FullRun run(plan, upsets);
  std::vector<std::int64_t> logits;
  const std::size_t size = batch.images.pixels.size() / batch.images.labels.size();
  for (std::size_t i = 0; i < batch.images.labels.size(); ++i) {
    const std::vector<std::int64_t> none(3);
    (void)run.run(batch.images.pixels.data() + i * size, none);
    const auto& own = run.workspace().logits;
    logits.insert(logits.end(), own.begin(), own.end());
  }
  return objective(batch, logits, plan.logit_unit);
}

std::vector<fault::Upset> all_bits(const FlipCase& c) {
  std::vector<fault::Upset> bits;
  for (const std::uint32_t node : {1U, 2U}) {
    const IntegerCompute& compute = *c.integers.nodes[node].compute;
    for (std::int64_t e = 0; e < std::ssize(compute.codes); ++e)
      for (int bit = 0; bit < compute.bits; ++bit)
        bits.push_back({.node = node, .element = e, .bits = std::uint64_t{1} << bit});
  }
  return bits;
}

TEST(BitFlipAttack, WithAllCandidatesItsFlipIsTheBestOfAll) {
  for (int width = 2; width <= 8; ++width) {
    for (const bool targeted : {false, true}) {
      const FlipCase c(static_cast<std::uint64_t>(10 + width), width);
      BitFlipOptions options = exhaustive(1);
      if (targeted) options.target = c.set.labels[0];
      const FlipBatch batch = c.batch(options);
      const BitFlipReport report = attack_bits(c.integers, batch, c.set, options);
      ASSERT_EQ(report.flips.size(), 1U);
      double greatest = -std::numeric_limits<double>::infinity();
      fault::Upset best;
      for (const fault::Upset& upset : all_bits(c)) {
        const double own = plain_objective(c, {upset}, batch);
        if (own > greatest) {
          greatest = own;
          best = upset;
        }
      }
      EXPECT_EQ(report.flips[0].objective, greatest) << width;
      EXPECT_EQ(plain_objective(c, {report.flips[0].bit.upset()}, batch), greatest) << width;
      EXPECT_GT(greatest, report.objective);
    }
  }
}

/// The second flip is the best beside the first; no pair beats the best pair.
TEST(BitFlipAttack, TwoFlipsAreGreedyAndNoBetterThanTheBestPair) {
  int as_good = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const FlipCase c(seed, 2, 8);
    const BitFlipOptions options = exhaustive(2);
    const FlipBatch batch = c.batch(options);
    const BitFlipReport report = attack_bits(c.integers, batch, c.set, options);
    ASSERT_EQ(report.flips.size(), 2U);
    const fault::Upset first = report.flips[0].bit.upset();
    const std::vector<fault::Upset> bits = all_bits(c);
    double beside = -1.0, pair = -1.0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (bits[i] != first) beside = std::max(beside, plain_objective(c, {first, bits[i]}, batch));
      for (std::size_t j = 0; j < i; ++j)
        pair = std::max(pair, plain_objective(c, {bits[i], bits[j]}, batch));
    }
    EXPECT_EQ(report.flips[1].objective, beside);
    EXPECT_LE(beside, pair);
    as_good += beside == pair ? 1 : 0;
  }
  EXPECT_GE(as_good, 1);
}

/// The published search again, in plain loops: of each layer the bit of the greatest gain, of these
/// the greatest measured objective.
TEST(BitFlipAttack, ByDefaultItIsTheProgressiveBitSearch) {
  for (const std::uint64_t seed : {21U, 22U, 23U}) {
    const FlipCase c(seed, 8, 40);
    const BitFlipOptions options{.flips = 4, .images = 40, .until = 0.0, .random_runs = 0};
    const FlipBatch batch = c.batch(options);
    const BitFlipReport report = attack_bits(c.integers, batch, c.set, options);
    std::vector<fault::Upset> made;
    for (const MadeFlip& flip : report.flips) {
      FlippedNetwork now(c.integers);
      now.change(made);
      const std::vector<std::size_t> layers{1, 2};
      const auto gradients = code_gradients(now.network(), batch, layers, 1);
      double greatest = -std::numeric_limits<double>::infinity();
      fault::Upset best;
      for (std::size_t layer = 0; layer < 2; ++layer) {
        const IntegerCompute& compute = *now.network().nodes[layers[layer]].compute;
        double gain = 0.0;
        fault::Upset own;
        for (std::size_t e = 0; e < compute.codes.size(); ++e) {
          for (int bit = 0; bit < 8; ++bit) {
            const int set = (compute.codes[e] >> bit) & 1;
            const int change = (set != 0 ? -1 : 1) * (bit == 7 ? -128 : 1 << bit);
            const fault::Upset upset{.node = static_cast<std::uint32_t>(layers[layer]),
                                     .element = static_cast<std::int64_t>(e),
                                     .bits = std::uint64_t{1} << bit};
            if (gradients[layer][e] * change > gain &&
                std::ranges::find(made, upset) == made.end()) {
              gain = gradients[layer][e] * change;
              own = upset;
            }
          }
        }
        if (gain == 0.0) continue;
        std::vector<fault::Upset> with = made;
        with.push_back(own);
        if (const double measured = plain_objective(c, with, batch); measured > greatest) {
          greatest = measured;
          best = own;
        }
      }
      EXPECT_EQ(flip.bit.upset(), best) << seed;
      EXPECT_EQ(flip.objective, greatest);
      made.push_back(flip.bit.upset());
    }
  }
}

TEST(BitFlipAttack, PrefixesReplayedByTheCampaignAreRightAsOften) {
  const FlipCase c(31, 6, 60);
  const BitFlipReport report = attack_bits(
      c.integers, c.batch({.images = 30}), c.set,
      {.flips = 6, .bits_per_step = 2, .candidates = 3, .until = 0.0, .random_runs = 2});
  ASSERT_EQ(report.flips.size(), 6U);
  fault::FaultList faults;
  std::vector<std::int64_t> right;
  std::vector<fault::Upset> prefix;
  for (const MadeFlip& flip : report.flips) {
    prefix.push_back(flip.bit.upset());
    faults.add(prefix);
    right.push_back(flip.score.correct);
  }
  ASSERT_EQ(report.random.size(), 2U);
  EXPECT_NE(report.random[0].bits, report.random[1].bits);
  for (const RandomFlips& random : report.random) {
    ASSERT_EQ(random.bits.size(), 6U);
    prefix.clear();
    for (std::size_t i = 0; i < 6; ++i) {
      prefix.push_back(random.bits[i].upset());
      faults.add(prefix);
      right.push_back(random.scores[i].correct);
    }
  }
  const auto plan = integer::compile(c.integers, KernelSet::best).value();
  const auto outcomes = fault::run_faults(plan, {c.set.pixels, c.set.labels}, faults, 1);
  for (std::size_t f = 0; f < outcomes.size(); ++f)
    EXPECT_EQ(outcomes[f].tally.right, right[f]) << f;
  EXPECT_LT(right[5], report.clean.correct);
}

/// The first of random networks that tells 200 images into all three classes, 20 of each or more.
FlipCase case_of_three_classes(int width) {
  for (std::uint64_t seed = 34;; ++seed) {
    FlipCase c(seed, width, 200);
    const auto images = [&](int label) { return std::ranges::count(c.set.labels, label); };
    if (std::min({images(0), images(1), images(2)}) >= 20) return c;
  }
}

/// All bits of a layer are asked for: each is flipped once, which leaves every code its complement.
TEST(BitFlipAttack, FlipsNoBitTwiceAndTellsTheCodesThatAreStored) {
  const FlipCase c = case_of_three_classes(2);
  const BitFlipOptions options{.flips = 48,
                               .images = 20,
                               .target = 1,
                               .source = 2,
                               .bits_per_step = 5,
                               .candidates = 0,
                               .skip = {"first"},
                               .random_runs = 0};
  const BitFlipReport report = attack_bits(c.integers, c.batch(options), c.set, options);
  ASSERT_EQ(report.flips.size(), 48U);
  IntegerNetwork network = c.integers;
  for (const MadeFlip& flip : report.flips) {
    ASSERT_EQ(flip.bit.node, 2U);
    auto& code = network.nodes[2].compute->codes[static_cast<std::size_t>(flip.bit.element)];
    EXPECT_EQ(flip.bit.before, code);
    code = static_cast<std::int16_t>(flip.bit.after);
  }
  for (std::size_t e = 0; e < network.nodes[2].compute->codes.size(); ++e)
    EXPECT_EQ(network.nodes[2].compute->codes[e], -1 - c.integers.nodes[2].compute->codes[e]);
}

TEST(BitFlipAttack, DoesNotDependOnThreads) {
  const FlipCase c(33, 8, 70);
  BitFlipOptions options{.flips = 3, .images = 70, .until = 0.0, .random_runs = 1};
  const BitFlipReport one = attack_bits(c.integers, c.batch(options), c.set, options);
  options.threads = 3;
  const BitFlipReport three = attack_bits(c.integers, c.batch(options), c.set, options);
  ASSERT_EQ(one.flips.size(), three.flips.size());
  for (std::size_t i = 0; i < one.flips.size(); ++i) {
    EXPECT_EQ(one.flips[i].bit, three.flips[i].bit);
    EXPECT_EQ(one.flips[i].objective, three.flips[i].objective);
    EXPECT_EQ(one.flips[i].score, three.flips[i].score);
  }
  EXPECT_EQ(one.random[0].bits, three.random[0].bits);
  EXPECT_EQ(one.random[0].scores, three.random[0].scores);
}

TEST(BitFlipAttack, ATargetDrawsImagesToItsClassAndASourceLeavesTheOthers) {
  const FlipCase c = case_of_three_classes(8);
  BitFlipOptions options{.flips = 6, .images = 200, .target = 1, .until = 0.0, .random_runs = 0};
  const BitFlipReport all = attack_bits(c.integers, c.batch(options), c.set, options);
  const auto moved = [](const FlipScore& score) {
    return static_cast<double>(score.moved) / static_cast<double>(score.attacked);
  };
  EXPECT_EQ(all.clean.moved, 0);
  EXPECT_GT(moved(all.flips.back().score), 0.5);
  EXPECT_GT(all.flips.back().objective, all.objective);
  options.source = 2;
  const BitFlipReport one = attack_bits(c.integers, c.batch(options), c.set, options);
  const FlipScore& last = one.flips.back().score;
  EXPECT_EQ(last.attacked, std::ranges::count(c.set.labels, 2));
  EXPECT_GT(moved(last), 0.5);
  EXPECT_GT(2 * last.others_correct, last.others);
}

TEST(BitFlipAttack, EndsWhenAccuracyIsLowEnoughOrStopped) {
  const FlipCase c(35, 8, 40);
  BitFlipOptions options{.flips = 50, .images = 40, .until = 0.9, .random_runs = 1};
  const BitFlipReport report = attack_bits(c.integers, c.batch(options), c.set, options);
  EXPECT_EQ(report.ended, FlipEnd::accuracy);
  EXPECT_LE(report.flips.back().score.top1(), 0.9);
  for (std::size_t i = 0; i + 1 < report.flips.size(); ++i)
    EXPECT_GT(report.flips[i].score.top1(), 0.9);
  EXPECT_EQ(report.random[0].bits.size(), report.flips.size());

  options.until = 0.0;
  std::stop_source stop;
  std::size_t told = 0;
  const BitFlipReport stopped = attack_bits(c.integers, c.batch(options), c.set, options,
                                            {.on_flip =
                                                 [&](const BitFlipReport& so_far) {
                                                   told = so_far.flips.size();
                                                   if (told == 2) stop.request_stop();
                                                 }},
                                            stop.get_token());
  EXPECT_EQ(stopped.ended, FlipEnd::stopped);
  EXPECT_EQ(stopped.flips.size(), 2U);
  EXPECT_EQ(told, 2U);
  EXPECT_TRUE(stopped.random.empty());
}

TEST(BitFlipAttack, SkipsTheLayersThatItIsToldToAndEndsWhereNoBitRaises) {
  FlipCase c(36, 8, 30);
  BitFlipOptions options{.flips = 5, .skip = {"first"}, .until = 0.0, .random_runs = 1};
  const BitFlipReport report = attack_bits(c.integers, c.batch(options), c.set, options);
  for (const MadeFlip& flip : report.flips) EXPECT_EQ(flip.bit.node, 2U);
  for (const WeightBit& bit : report.random[0].bits) EXPECT_EQ(bit.node, 2U);
  EXPECT_EQ(report.population, 8 * 3 * 8);
  // Black images of a network without normalisation and biases: no weight counts.
  c.integers.input_mean = {0.0F, 0.0F};
  for (const std::size_t node : {1U, 2U})
    std::ranges::fill(c.integers.nodes[node].compute->bias, std::int64_t{0});
  std::ranges::fill(c.set.pixels, std::uint8_t{0});
  const BitFlipReport none = attack_bits(c.integers, c.batch(options), c.set, options);
  EXPECT_EQ(none.ended, FlipEnd::no_raise);
  EXPECT_TRUE(none.flips.empty());
}

}  // namespace
}  // namespace hwflow::train::robust
