#pragma once

#include <cstdint>
#include <memory>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/normalization.hpp"
#include "train/quant/backend.hpp"
#include "train/quant/calibration.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

struct AccuracyModelOptions {
  std::int64_t search_images = 1000;     ///< of the training set, equal shares of all classes
  std::int64_t confirmation_images = 0;  ///< likewise, others; 0: none
  CalibrationOptions calibration;        ///< its images come from the rest of the training set
  QuantizerMethod method = QuantizerMethod::lsq;  ///< of the fine-tuning
  Normalization normalization;
  Augmentation augmentation;  ///< of the fine-tuning
  double momentum = 0.9;
  double weight_decay = 1e-4;
  std::uint64_t seed = 1;  ///< of the split
  int threads = 1;         ///< for whole-set measurements; changes no result
};

/// Accuracy of precision plans of a trained network.
///
/// evaluate()  calibrated post-training quantization; plans of at most 8 bits are run by the
///             integer executor, others (16, float) by the fake-quantized network in float32.
/// confirm()   the same on the confirmation split.
/// finish()    fine-tunes the fake-quantized network on the training set without the held-out
///             splits (cosine schedule from the given learning rate, BatchNorm folded; weights and
///             activations by options.method); the final network is measured on the test set
///             fake-quantized (exact_logits) and in integers. Widths above 16 (float) are finished
///             at 16 bits, the width that stands for float on an accelerator.
/// Errors      weights that do not fit the network (match_weights() first), networks that cannot be
///             executed in integers, images that do not fit, fewer images than the split needs.
[[nodiscard]] Expected<std::unique_ptr<AccuracyModel>> make_quantized_accuracy_model(
    const Network& network, const WeightMap& weights, std::shared_ptr<const Dataset> dataset,
    const AccuracyModelOptions& options);

}  // namespace hwflow::train
