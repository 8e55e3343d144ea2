#pragma once

#include <memory>

#include "train/nn/dataset.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/quantized_accuracy_model.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// A small residual network, trained in a second to tell which quadrant of a noisy image is bright.
struct Trained {
  Network network;
  std::shared_ptr<const Dataset> data;
  WeightMap weights;
  AccuracyModelOptions options;
};

[[nodiscard]] const Trained& trained();

/// That network, BatchNorm folded, calibrated on 64 training images.
[[nodiscard]] std::shared_ptr<CalibratedNetwork> calibrated_quadrants();
/// The same at given widths.
[[nodiscard]] QuantizedNetwork quantize_quadrants(const CompressionPlan& plan,
                                                  QuantizerMethod method = QuantizerMethod::lsq);

}  // namespace hwflow::train
