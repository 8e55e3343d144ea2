#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/robust/flip_batch.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train::robust {

/// image (2,2,2) -> convolution 3x3 to 2 channels, ReLU -> fully connected, 3 classes.
inline Network tiny_network() {
  NetworkBuilder builder;
  NodeId at = builder.input({2, 2, 2});
  at = builder.conv_bias("conv", at, 2, {.kernel = 3, .pad = 1}, Activation::relu);
  builder.fully_connected("fc", at, 3);
  return std::move(builder).finish("tiny");
}

/// A network with random codes, and images whose labels are what it makes of them: it is right
/// everywhere, until a bit flips.
struct FlipCase {
  FlipCase(std::uint64_t seed, Network network, RandomNetworkOptions widths, std::int64_t images)
      : rng(seed), integers(random_integers(rng, std::move(network), widths)) {
    const Node& input = integers.network.nodes().front();
    set = {.name = "random",
           .channels = input.shape.channels,
           .height = input.shape.height,
           .width = input.shape.width,
           .classes = integers.network.node(integers.network.outputs().front()).shape.elements(),
           .pixels = random_images(rng, integers, images)};
    for (const std::int32_t label :
         IntegerExecutor::make(integers).value().predict(set.pixels, images, 1))
      set.labels.push_back(static_cast<std::uint8_t>(label));
  }
  explicit FlipCase(std::uint64_t seed, int weight_bits = 4, std::int64_t images = 12)
      : FlipCase(seed, tiny_network(), {weight_bits, 8}, images) {}

  [[nodiscard]] FlipBatch batch(const BitFlipOptions& options = {}) const {
    return make_flip_batch(set, options).value();
  }

  Rng rng;
  IntegerNetwork integers;
  ImageSet set;
};

}  // namespace hwflow::train::robust
