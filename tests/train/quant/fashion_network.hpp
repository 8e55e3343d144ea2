#pragma once

#include <memory>

#include "train/nn/dataset.hpp"
#include "train/quant/calibration.hpp"

namespace hwflow::train {

/// The committed Fashion-MNIST network (models/fmnist_resnet.safetensors), calibrated on 256
/// training images, and the test images. Read once in a process; throws when a file is missing.
struct FashionNetwork {
  Dataset data;
  Network network;  ///< with BatchNorm
  WeightMap weights;
  FoldedNetwork folded;
  Normalization normalization;
  std::shared_ptr<CalibratedNetwork> calibrated;
};
[[nodiscard]] const FashionNetwork& fashion_network();

/// First layer and last layer 8/8, between them 4/4, 3/5, 5/3, 6/4 in turn.
[[nodiscard]] CompressionPlan mixed_fashion_plan();

}  // namespace hwflow::train
