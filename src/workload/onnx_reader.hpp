#pragma once

#include <filesystem>
#include <vector>

#include "base/expected.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow {

/// What an ONNX file holds: the graph, and the weights where the file (or its external data) has
/// them. BatchNormalization nodes are kept as attributes of their producer when weights are absent
/// or `fold_batch_norm` is false, else folded into it.
struct OnnxModel {
  Network network;
  WeightMap weights;               ///< empty when the file has shapes only
  std::vector<std::string> notes;  ///< what was simplified: "Dropout_3: identity at inference"
  /// Quantizers that the network is without: widths come from a precision plan, and values computed
  /// by it are not those of the file. Constants that were dequantized are not among them.
  std::vector<std::string> quantizers{};
};

struct OnnxOptions {
  bool fold_batch_norm = true;
  /// Replaces a symbolic batch dimension; other symbolic dimensions are an error.
  std::int64_t batch = 1;
};

/// Reads an ONNX file of opset 7 to 21.
/// Errors  unsupported operator, missing shape, truncated or hostile file: each with node and
/// place.
[[nodiscard]] Expected<OnnxModel> read_onnx(const std::filesystem::path& file,
                                            const OnnxOptions& options = {});

/// As read_onnx, of a model in memory; `file` names it in messages, and its folder is where
/// external data are looked for.
[[nodiscard]] Expected<OnnxModel> read_onnx_bytes(const std::string& bytes,
                                                  const std::filesystem::path& file,
                                                  const OnnxOptions& options = {});

/// NETWORK of the command line: a built-in name, an .onnx file or a network YAML file.
[[nodiscard]] Expected<OnnxModel> load_network(const std::string& name_or_file);

}  // namespace hwflow
