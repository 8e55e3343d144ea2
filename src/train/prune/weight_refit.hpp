#pragma once

#include <cstdint>
#include <memory>

#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "workload/shrink.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

struct RefitOptions {
  int points_per_image = 10;  ///< pixels of a layer's result that are fitted, drawn for each layer
  double ridge = 1e-3;        ///< pull towards the weights as they were
  std::uint64_t seed = 1;     ///< of the pixels
};

/// Weights with which the layers of a shrunk network come as near as they can to what they summed
/// up before, by least squares, layer after layer: each reads what the refitted layers before it
/// make.
///
///     minimise  sum over points of |y - W x - c|^2 + ridge * s * |W - W0|^2      over W and c
///
/// s is the mean over a layer's inputs of their sums of squares over the points, taken from their
/// means where there is a c. y are the sums of the whole network's layer (channels that are left),
/// x the inputs of the shrunk one; c goes to the bias, or is taken off the BatchNorm's mean; a
/// layer with neither has c = 0. Transposed convolutions keep their weights.
///
/// Source  He et al., "Channel pruning for accelerating very deep neural networks", ICCV 2017.
class WeightRefit {
 public:
  /// Runs the whole network: what its layers sum up serves every network that is made of it.
  /// images   all go through a network at once: some hundred small ones, some dozen large ones.
  WeightRefit(const Network& network, const WeightMap& weights, const ImageSet& images,
              const Normalization& normalization, const RefitOptions& options = {});
  ~WeightRefit();
  WeightRefit(const WeightRefit&) = delete;
  WeightRefit& operator=(const WeightRefit&) = delete;

  /// weights  as shrink_weights() made them of the whole network's. Thread-safe.
  [[nodiscard]] WeightMap refitted(const ShrunkNetwork& shrunk, const WeightMap& weights) const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace hwflow::train
