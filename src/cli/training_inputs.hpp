#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "train/nn/safetensors.hpp"
#include "workload/network.hpp"
#include "workload/onnx_reader.hpp"
#include "workload/weights.hpp"

namespace hwflow::cli {

/// --data and --data-dir of the commands that train or test.
struct DataArguments {
  std::string name = "fashion-mnist";
  std::string directory;
};
void add_data_options(CLI::App& command, DataArguments& arguments);
/// The data set; HWFLOW_DATA is where it is looked for when --data-dir is absent.
[[nodiscard]] Expected<train::Dataset> read_data(const DataArguments& arguments);

/// The first `count` images; all of them where it is 0, or more than there are.
[[nodiscard]] train::ImageSet first_images(const train::ImageSet& images, std::int64_t count);

/// A trained float network, ready to run.
struct TrainedModel {
  Network network;
  WeightMap weights;
  train::Normalization normalization;
  std::map<std::string, std::string> metadata{};  ///< what a checkpoint says of itself
  std::vector<std::string> notes{};               ///< what the reader of the network simplified
};
struct ModelArguments {
  std::string file;           ///< safetensors, or ONNX with weights
  std::string network;        ///< empty: what the file says of itself
  std::string normalization;  ///< empty: what the file says of itself, else the data set's
};
/// Errors  unreadable file, ONNX with quantizers, unknown network or normalisation, tensors that do
/// not match: each by
///         name. `images` gives the data set's normalisation and channels.
[[nodiscard]] Expected<TrainedModel> load_model(const ModelArguments& arguments,
                                                const train::ImageSet& images);

/// Built-in name or file of the network that a model belongs to: that of `arguments`, else the one
/// that the file names; an ONNX file itself. Errors  neither; an unreadable file.
[[nodiscard]] Expected<std::string> network_of_model(const ModelArguments& arguments);

/// The network of a quantized checkpoint: that of `arguments`, else the one that the file names.
/// Errors  neither; those of load_network().
[[nodiscard]] Expected<OnnxModel> load_checkpoint_network(const ModelArguments& arguments,
                                                          const train::Safetensors& file);

/// The normalisation of that name for these images; an empty name means the data set's own.
[[nodiscard]] Expected<train::Normalization> choose_normalization(const std::string& name,
                                                                  const train::ImageSet& images);

}  // namespace hwflow::cli
