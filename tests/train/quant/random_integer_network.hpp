#pragma once

#include "base/random.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train {

struct RandomNetworkOptions {
  int weight_bits = 0;  ///< 0: a random width 1..8 for every layer
  int input_bits = 0;
};

/// A small network of random shape (convolutions of all groupings, additions, option-A shortcuts,
/// pooling, concatenation, padding, fully connected) with random codes and scales that keep the
/// values of every layer in the range of its readers.
[[nodiscard]] IntegerNetwork random_integer_network(Rng& rng, const RandomNetworkOptions& options);

/// The same integers for a network that is there already, of the node kinds above.
[[nodiscard]] IntegerNetwork random_integers(Rng& rng, Network network,
                                             const RandomNetworkOptions& options);

/// `count` images of random bytes for it.
[[nodiscard]] std::vector<std::uint8_t> random_images(Rng& rng, const IntegerNetwork& network,
                                                      std::int64_t count);

}  // namespace hwflow::train
