#include "train/robust/flipped_network.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/robust/flip_case.hpp"
#include "train/fault/full_run.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/dequantize.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/robust/bit_ranking.hpp"

namespace hwflow::train::robust {
namespace {

std::vector<fault::Upset> random_upsets(const FlippedNetwork& network, std::int64_t count,
                                        Rng& rng) {
  std::vector<fault::Upset> upsets;
  for (const WeightBit& bit :
       random_bits(network.fault_free(), searched_layers(network.network(), {}), count, rng))
    upsets.push_back(bit.upset());
  return upsets;
}

/// Random networks of all kinds of layers and widths: what is shared is not stale.
TEST(FlippedNetwork, FlipByFlipItIsTheNetworkOfAllFlipsAtOnce) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Rng rng(seed);
    const IntegerNetwork original = random_integer_network(rng, {});
    const auto pixels = random_images(rng, original, 3);
    FlippedNetwork network(original);
    const std::vector<fault::Upset> upsets = random_upsets(network, 9, rng);
    for (std::size_t i = 0; i < upsets.size(); i += 3)
      network.change(std::span(upsets).subspan(i, 3));
    const auto logits = IntegerExecutor::of(network.plan()).logits(pixels, 3, 2);
    const std::size_t classes = logits.size() / 3;
    fault::FullRun plain(network.fault_free(), upsets);
    for (std::size_t i = 0; i < 3; ++i) {
      const auto own = std::span(logits).subspan(i * classes, classes);
      EXPECT_TRUE(plain.run(pixels.data() + i * pixels.size() / 3, own).masked) << seed;
    }
  }
}

TEST(FlippedNetwork, WithLeavesItAsItIs) {
  const FlipCase c(2);
  FlippedNetwork network(c.integers);
  Rng rng(1);
  const auto upsets = random_upsets(network, 5, rng);
  const auto other = network.with(upsets);
  EXPECT_EQ(network.network(), c.integers);
  EXPECT_NE(other->network, c.integers);
  network.change(upsets);
  EXPECT_EQ(network.network(), other->network);
  network.change(upsets);  // each bit back
  for (const std::size_t node : {1U, 2U})
    EXPECT_EQ(network.network().nodes[node].compute->codes, c.integers.nodes[node].compute->codes);
}

/// Logits of the fake-quantized twin are the integer executor's, also with codes that no quantizer
/// makes; equal to 1e-3 of the largest where no product lies on the brink of a tie.
TEST(FlippedNetwork, TheFakeTwinSaysTheSame) {
  int equal = 0, images = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const FlipCase c(seed, 8, 20);
    FlippedNetwork network(c.integers);
    Rng rng(seed);
    network.change(random_upsets(network, 12, rng));
    const QuantizedNetwork twin = dequantize(network.network());
    std::vector<std::int64_t> indices(20);
    for (std::size_t i = 0; i < 20; ++i) indices[i] = static_cast<std::int64_t>(i);
    const torch::Tensor fake =
        exact_logits(twin, to_tensor(c.set, twin.normalization, indices)).argmax(1);
    const auto classes = IntegerExecutor::of(network.plan()).predict(c.set.pixels, 20, 1);
    for (std::size_t i = 0; i < 20; ++i, ++images)
      equal += fake.data_ptr<std::int64_t>()[i] == classes[i] ? 1 : 0;
  }
  EXPECT_GE(equal, images - 1);
}

TEST(FlipScore, CountsByHand) {
  const FlipCase c(4, 4, 60);
  const auto plan = FlippedNetwork(c.integers).plan();
  ImageSet images = c.set;
  // The network says labels[0] of image 0; what it says of all others stays their label.
  const std::int64_t told = images.labels[0], other = (told + 1) % 3;
  images.labels[0] = static_cast<std::uint8_t>(other);
  EXPECT_EQ(score(plan, images, {}), (FlipScore{.total = 60, .correct = 59}));
  const auto count = [&](auto good) { return std::ranges::count_if(images.labels, good); };
  const FlipScore all = score(plan, images, {.target = told});
  EXPECT_EQ(all.attacked, count([&](auto label) { return label != told; }));
  EXPECT_EQ(all.moved, 1);
  const FlipScore one = score(plan, images, {.target = told, .source = other});
  EXPECT_EQ(one.attacked, count([&](auto label) { return label == other; }));
  EXPECT_EQ(one.moved, 1);
  EXPECT_EQ(one.others, 60 - one.attacked);
  EXPECT_EQ(one.others_correct, one.others);
}

}  // namespace
}  // namespace hwflow::train::robust
