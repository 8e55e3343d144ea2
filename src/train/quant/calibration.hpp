#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/quant/quantized_network.hpp"
#include "train/quant/weight_rounding.hpp"

namespace hwflow::train {

namespace integer {
struct PreparedWeights;
}

struct CalibrationOptions {
  std::int64_t images = 256;  ///< of the training set
  Calibration activations = Calibration::mse;
  Calibration weights = Calibration::mse;
  Granularity granularity = Granularity::per_channel;
  int auxiliary_bits = 8;               ///< inputs of additions, multiplications, average pooling
  std::int64_t correction_images = 64;  ///< for correct_sums(); 0 = no correction
};

/// The weights of one layer at one width, made once and shared by all plans.
struct LayerWeights {
  WeightQuantizer quantizer;
  std::vector<float> values;  ///< whose nearest codes are those chosen
  IntegerCompute codes;       ///< without bias; empty at float width
  std::shared_ptr<const integer::PreparedWeights> prepared;  ///< for inputs of at most 8 bits
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
  [[nodiscard]] QuantizedNetwork quantize(const CompressionPlan& plan,
                                          QuantizerMethod method = QuantizerMethod::lsq,
                                          bool reestimate = true);

  /// Of a compute node. The reference stays good.
  [[nodiscard]] const LayerWeights& layer_weights(std::size_t node, int bits, bool dorefa = false);
  /// What arithmetic node `node` reads through at a width; other nodes: nothing.
  [[nodiscard]] std::vector<QuantizerGrid> input_grids(std::size_t node, int bits);

  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const WeightMap& weights() const { return weights_; }
  /// Of the float network, per node; count 0: no compute node.
  [[nodiscard]] std::span<const SumStatistics> sums() const { return sums_; }
  [[nodiscard]] const Normalization& normalization() const { return normalization_; }
  [[nodiscard]] const CalibrationOptions& options() const { return options_; }
  /// The images of correct_sums(), planes of bytes.
  [[nodiscard]] std::span<const std::uint8_t> correction_pixels() const {
    return correction_pixels_;
  }
  [[nodiscard]] std::int64_t correction_count() const { return correction_count_; }

 private:
  friend class CalibrationRun;
  CalibratedNetwork(Network network, WeightMap weights)
      : network_(std::move(network)), weights_(std::move(weights)) {}

  /// Made by the first who asks, while others who ask wait; never changed or removed.
  template <class Value>
  struct Once {
    std::once_flag flag;
    Value value;
  };
  const QuantizerGrid& activation_grid(std::size_t source, int bits);
  void find_grid(std::size_t source, int bits, QuantizerGrid& grid) const;
  void round_weights(std::size_t node, int bits, bool dorefa, LayerWeights& weights) const;

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
  std::mutex mutex_;  ///< guards the two maps, not what is in them
  std::map<std::pair<std::size_t, int>, Once<QuantizerGrid>> grids_;
  std::map<std::tuple<std::size_t, int, bool>, Once<LayerWeights>> weights_of_layers_;
};

}  // namespace hwflow::train
