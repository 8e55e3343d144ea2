#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/training_inputs.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::cli {

/// A network in integers: a quantized checkpoint, or float weights that are quantized here.
struct IntegerModelArguments {
  ModelArguments model;
  std::string bits = "8/8";  ///< of float weights
  std::int64_t calibration_images = 256;
};
void add_integer_model_options(CLI::App& command, IntegerModelArguments& arguments);

/// The same before its numbers become integers.
struct QuantizedModel {
  train::QuantizedNetwork network;
  std::string how;                 ///< "quantized checkpoint", "8/8 bits, calibrated on 256 images"
  std::vector<std::string> notes;  ///< what the reader of the network simplified
};
/// True for a checkpoint of quantized or integer format; false for all else, unreadable files too.
[[nodiscard]] bool is_quantized_file(const std::string& file);
/// As load_integer_model(), which refuses more: networks without an integer form.
[[nodiscard]] Expected<QuantizedModel> load_quantized_model(const IntegerModelArguments& arguments,
                                                            const train::Dataset& data,
                                                            std::uint64_t seed);

struct IntegerModel {
  train::IntegerNetwork network;
  std::string how;                 ///< "quantized checkpoint", "8/8 bits, calibrated on 256 images"
  std::vector<std::string> notes;  ///< what the reader of the network simplified
};
/// `seed`: of the choice of calibration images, which are of data.train.
/// Errors  of the readers; widths that are none; networks without an integer form.
[[nodiscard]] Expected<IntegerModel> load_integer_model(const IntegerModelArguments& arguments,
                                                        const train::Dataset& data,
                                                        std::uint64_t seed);

}  // namespace hwflow::cli
