#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "train/nn/training.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

struct QuantizedTraining {
  QuantizerMethod method = QuantizerMethod::lsq;
  TrainOptions options;
  /// Train with a BatchNorm behind each convolution (with_batch_norm), folded at the end.
  bool batch_norm = true;
};

struct TrainedQuantized {
  QuantizedNetwork network;
  std::vector<EpochReport> epochs;  ///< all, those before a resume too
  bool stopped = false;             ///< by the stop token: resume goes on from the last checkpoint
};

/// The sums that a network trained before gives `images` (512 of them, changed as in training):
/// what train_quantized() wants of it when its training goes on.
[[nodiscard]] std::vector<SumStatistics> sums_of_trained(const QuantizedNetwork& trained,
                                                         const ImageSet& images,
                                                         const Augmentation& augmentation);

/// Quantization-aware training from a calibrated network, or from one that was trained before. The
/// promises of train_network() hold.
///
/// sums      per node, those that batches are expected to have: of the float network that was
///           calibrated (CalibratedNetwork::sums()), or sums_of_trained()
/// teacher   wanted where options.distillation > 0
/// Errors    as train_network
[[nodiscard]] Expected<TrainedQuantized> train_quantized(
    const QuantizedNetwork& start, std::span<const SumStatistics> sums, const ImageSet& images,
    const QuantizedTraining& training, const Teacher* teacher, const EpochProgress& progress,
    const std::stop_token& stop);

}  // namespace hwflow::train
