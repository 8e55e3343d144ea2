#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/expected.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// Metadata "format" of the two kinds of checkpoints.
inline constexpr const char* kQuantizedFormat = "hwflow-quantized-1";
inline constexpr const char* kIntegerFormat = "hwflow-integer-1";

/// Quantized networks as safetensors files. Tensors: "<node>.weight" and "<node>.bias" (float
/// values, or codes and their biases); metadata: "format" ("hwflow-quantized-1" or
/// "hwflow-integer-1"), "network", "plan" (text form), "input_mean", "input_std", and "nodes", a
/// JSON object that gives every quantizer: {"<node>": {"inputs": [[scale, low, high, bits], ...],
/// "weights": {...}}}. Scales are written with 17 digits, so that reading gives the same numbers
/// back; integer biases, which a float may not hold, are in the JSON too.
///
/// `network` is the description that the file belongs to, with or without BatchNorm.
/// Errors  another format or network, missing nodes, grids or tensors, wrong shapes, broken JSON.
/// `provenance`: further metadata; keys of the format win.
void write_quantized_network(const std::filesystem::path& file, const QuantizedNetwork& network,
                             const std::map<std::string, std::string>& provenance = {});
[[nodiscard]] Expected<QuantizedNetwork> read_quantized_network(const std::filesystem::path& file,
                                                                const Network& network);

void write_integer_network(const std::filesystem::path& file, const IntegerNetwork& network);
[[nodiscard]] Expected<IntegerNetwork> read_integer_network(const std::filesystem::path& file,
                                                            const Network& network);

/// The same nodes without BatchNorm, every compute node with a bias.
[[nodiscard]] Network folded_description(const Network& network);

}  // namespace hwflow::train
