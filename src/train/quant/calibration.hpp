#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/quant/quantized_network.hpp"
#include "train/quant/weight_rounding.hpp"

namespace hwflow::train {

struct CalibrationOptions {
  std::int64_t images = 256;  ///< of the training set
  Calibration activations = Calibration::mse;
  Calibration weights = Calibration::mse;
  Granularity granularity = Granularity::per_channel;
  int auxiliary_bits = 8;               ///< inputs of additions, multiplications, average pooling
  std::int64_t correction_images = 64;  ///< for correct_sums(); 0 = no correction
};

/// What the float network does on calibration images, and the scales found from it. Scales and
/// weight codes are searched once per width and kept: making a quantized network is cheap.
/// Thread-safe.
class CalibratedNetwork {
 public:
  /// Runs the float network. `network` is folded (no BatchNorm, every compute node has a bias).
  /// Errors  networks that cannot be executed, images that do not fit.
  [[nodiscard]] static Expected<std::shared_ptr<CalibratedNetwork>> make(
      const Network& network, const WeightMap& weights, const ImageSet& images,
      std::span<const std::int64_t> indices, const Normalization& normalization,
      const CalibrationOptions& options);

  /// Post-training quantization: calibrated scales, and scales and biases corrected as BatchNorm
  /// would estimate them anew (correct_sums; reestimate = false: not). `method`: lsq for the
  /// uniform grid; pact and dorefa give weights of at most 8 bits DoReFa's codes, as their training
  /// needs.
  [[nodiscard]] QuantizedNetwork quantize(const PrecisionPlan& plan,
                                          QuantizerMethod method = QuantizerMethod::lsq,
                                          bool reestimate = true);

  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const WeightMap& weights() const { return weights_; }
  /// Of the float network, per node; count 0: no compute node.
  [[nodiscard]] std::span<const SumStatistics> sums() const { return sums_; }

 private:
  friend class CalibrationRun;
  CalibratedNetwork(const Network& network, const WeightMap& weights)
      : network_(network), weights_(weights) {}

  QuantizerGrid activation_grid(std::size_t source, int bits);
  struct RoundedWeights {
    WeightQuantizer quantizer;
    std::vector<float> values;  ///< whose nearest codes are those chosen
  };
  /// The reference stays good: entries are never changed or removed.
  const RoundedWeights& rounded_weights(std::size_t node, int bits, bool dorefa);

  Network network_;
  WeightMap weights_;
  Normalization normalization_;
  CalibrationOptions options_;
  std::vector<std::size_t> sources_;
  std::vector<bool> non_negative_;
  std::vector<std::vector<float>> samples_;  ///< per source node
  std::vector<SumStatistics> sums_;          ///< per compute node, of the float network
  std::vector<InputCovariance> covariances_;
  std::vector<std::uint8_t> correction_pixels_;
  std::int64_t correction_count_ = 0;
  std::mutex mutex_;  ///< guards the two caches
  std::map<std::pair<std::size_t, int>, QuantizerGrid> grids_;
  std::map<std::tuple<std::size_t, int, bool>, RoundedWeights> rounded_;
};

}  // namespace hwflow::train
