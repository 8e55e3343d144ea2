#include "cli/training_inputs.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/quant/quantized_checkpoint.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

constexpr const char* kNormalizations = "fashion-mnist, cifar10, imagenet, half or none";

Unexpected<Diagnostics> refuse(std::string place, std::string reason, std::string hint) {
  return {Diagnostics{{std::move(place), std::move(reason), std::move(hint)}}};
}

/// The network that a weight file names: where that is a file beside it, this one.
std::string beside(const std::filesystem::path& weights, const std::string& network) {
  const std::filesystem::path file = weights.parent_path() / network;
  return std::filesystem::is_regular_file(file) ? file.string() : network;
}

/// The network that a weight file belongs to, as the user or the file says.
Expected<std::string> network_name(const ModelArguments& arguments,
                                   const train::Safetensors& file) {
  if (!arguments.network.empty()) return arguments.network;
  const auto named = file.metadata.find("network");
  if (named == file.metadata.end() || named->second.empty())
    return refuse(arguments.file, "does not say which network it belongs to", "add --network");
  return beside(arguments.file, named->second);
}

Expected<TrainedModel> load_onnx_model(const ModelArguments& arguments,
                                       const train::ImageSet& images) {
  Expected<OnnxModel> model = load_network(arguments.file);
  if (!model) return Unexpected{model.error()};
  if (!model->quantizers.empty()) {
    return refuse(arguments.file,
                  fmt::format("is quantized: it has {} quantizers ('{}' is the first), which only "
                              "its own runtime computes",
                              model->quantizers.size(), model->quantizers.front()),
                  "run it in onnxruntime; test the checkpoint with --mode integer");
  }
  const Expected<train::Normalization> normalization =
      choose_normalization(arguments.normalization, images);
  if (!normalization) return Unexpected{normalization.error()};
  Expected<WeightMap> weights =
      train::match_weights(model->network, model->weights, arguments.file);
  if (!weights) return Unexpected{weights.error()};
  return TrainedModel{std::move(model->network),
                      std::move(*weights),
                      normalization.value(),
                      {},
                      std::move(model->notes)};
}

}  // namespace

void add_data_options(CLI::App& command, DataArguments& arguments) {
  command.add_option("--data", arguments.name, "Data set: see 'hwflow list data'")
      ->capture_default_str();
  command.add_option("--data-dir", arguments.directory,
                     "Its folder; else below HWFLOW_DATA, else the system's");
}

Expected<train::Dataset> read_data(const DataArguments& arguments) {
  const char* root = std::getenv("HWFLOW_DATA");
  return train::read_dataset({.name = arguments.name,
                              .directory = arguments.directory,
                              .data_root = root == nullptr ? "" : root});
}

train::ImageSet first_images(const train::ImageSet& images, std::int64_t count) {
  if (count <= 0 || count >= images.count()) return images;
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return train::select(images, indices);
}

Expected<train::Normalization> choose_normalization(const std::string& name,
                                                    const train::ImageSet& images) {
  if (name.empty()) return train::default_normalization(images.name, images.channels);
  const auto named = train::named_normalization(name, images.channels);
  if (named) return *named;
  return refuse("--normalization " + name, "is not known, or not for images of so many channels",
                kNormalizations);
}

Expected<OnnxModel> load_checkpoint_network(const ModelArguments& arguments,
                                            const train::Safetensors& file) {
  const Expected<std::string> name = network_name(arguments, file);
  if (!name) return Unexpected{name.error()};
  return load_network(*name);
}

Expected<std::string> network_of_model(const ModelArguments& arguments) {
  if (arguments.file.ends_with(".onnx")) return arguments.file;
  const Expected<train::Safetensors> file = train::read_safetensors(arguments.file);
  if (!file) return Unexpected{file.error()};
  return network_name(arguments, *file);
}

Expected<TrainedModel> load_model(const ModelArguments& arguments, const train::ImageSet& images) {
  if (arguments.file.ends_with(".onnx")) return load_onnx_model(arguments, images);
  Expected<train::Safetensors> file = train::read_safetensors(arguments.file);
  if (!file) return Unexpected{file.error()};
  if (const auto format = file->metadata.find("format");
      format != file->metadata.end() &&
      (format->second == train::kQuantizedFormat || format->second == train::kIntegerFormat)) {
    return refuse(arguments.file, "holds a quantized network where a float one is wanted",
                  "hwflow test runs it with --mode integer or --mode fake (--against-mode for what "
                  "is compared with)");
  }
  const Expected<std::string> name = network_name(arguments, *file);
  if (!name) return Unexpected{name.error()};
  Expected<OnnxModel> described = load_network(*name);
  if (!described) return Unexpected{described.error()};
  Expected<WeightMap> weights =
      train::match_weights(described->network, file->tensors, arguments.file);
  if (!weights) return Unexpected{weights.error()};

  std::optional<train::Normalization> own =
      train::normalization_from_metadata(file->metadata, images.channels);
  if (!own || !arguments.normalization.empty()) {
    Expected<train::Normalization> chosen = choose_normalization(arguments.normalization, images);
    if (!chosen) return Unexpected{chosen.error()};
    own = chosen.value();
  }
  return TrainedModel{std::move(described->network), std::move(*weights), std::move(*own),
                      std::move(file->metadata), std::move(described->notes)};
}

}  // namespace hwflow::cli
