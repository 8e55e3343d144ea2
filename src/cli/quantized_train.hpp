#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "cli/train_arguments.hpp"
#include "train/quant/calibration.hpp"

namespace hwflow::cli {

/// "4/8" of an option. Errors  anything else.
[[nodiscard]] Expected<PrecisionPair> pair_of(const std::string& option, const std::string& text);

void add_quantized_options(CLI::App& command, QuantizedArguments& arguments);

/// Everything wrong with --bits and its companions that is known before files are read.
[[nodiscard]] Diagnostics check_quantized(const TrainArguments& arguments);

/// `count` images, spread over all by the seed, find the scales of a float network.
[[nodiscard]] Expected<std::shared_ptr<train::CalibratedNetwork>> calibrate(
    const train::FoldedNetwork& folded, const train::ImageSet& images,
    const train::Normalization& normalization, std::int64_t count, std::uint64_t seed);

/// A trained network with BatchNorm folded, from float weights or from a quantized checkpoint,
/// whose weights then serve as float ones.
struct FoldedModel {
  train::FoldedNetwork folded;
  train::Normalization normalization;
};
[[nodiscard]] Expected<FoldedModel> load_folded(const ModelArguments& arguments,
                                                const train::ImageSet& images);

/// The teacher of --distill: that of --teacher, else the weights of --initial.
/// Errors  what cannot be read; one that was trained to be rounded, or for other images.
[[nodiscard]] Expected<train::Teacher> load_teacher(const TrainArguments& arguments,
                                                    const TrainInputs& inputs);

/// What a weight file says of how it was made, given the test images that it gets right.
using Provenance = std::function<std::map<std::string, std::string>(std::int64_t correct)>;

/// Calibrates, trains, tests in integers and writes <folder>/<network>_quantized.safetensors.
[[nodiscard]] Expected<TrainOutcome> train_quantized(const TrainArguments& arguments,
                                                     const TrainInputs& inputs,
                                                     const std::filesystem::path& folder,
                                                     const train::EpochProgress& progress,
                                                     const std::stop_token& stop,
                                                     const Provenance& provenance);

}  // namespace hwflow::cli
