#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/training_inputs.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/held_out.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/training.hpp"

namespace hwflow::cli {

/// --bits and its companions: training of a quantized network.
struct QuantizedArguments {
  std::string bits;          ///< "4/4": all layers but the first and the last; empty: float
  std::string ends = "8/8";  ///< of these two
  std::string plan;          ///< "8/8 4/2 ...", a pair per layer, instead of bits and ends
  std::string method = "lsq";
  bool folded = false;  ///< BatchNorm stays folded while training
  std::int64_t calibration_images = 256;
  std::string teacher, teacher_network;  ///< weight file; empty: --initial
  [[nodiscard]] bool wanted() const { return !bits.empty() || !plan.empty(); }
};

/// The command line of `hwflow train`.
struct TrainArguments {
  std::string network;
  DataArguments data;
  std::vector<std::string> more_data;  ///< further folders of training images
  std::string initial;                 ///< weight file to start from
  std::string normalization;
  std::int64_t hold_out = train::kHeldOutImages;
  std::uint64_t split_seed = train::kSplitSeed;
  std::vector<std::string> notes;  ///< key=value for the file's metadata
  train::TrainOptions options;
  QuantizedArguments quantized;
};

/// All that a run needs, read and checked.
struct TrainInputs {
  Network network;
  std::optional<WeightMap> initial;            ///< float training
  std::optional<train::FoldedNetwork> folded;  ///< training at widths
  train::ImageSet training, test;
  train::Normalization normalization;
  std::string held_out;              ///< for the weight file
  std::vector<std::string> notes{};  ///< what the reader of the network simplified
};

/// What a training made.
struct TrainOutcome {
  std::vector<train::EpochReport> epochs;  ///< all, those before --resume too
  std::int64_t correct = 0;                ///< of the test images
  WeightMap weights;                       ///< of training in float
  std::filesystem::path file;              ///< of the weights
  bool stopped = false;
};

}  // namespace hwflow::cli
