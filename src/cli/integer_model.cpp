#include "cli/integer_model.hpp"

#include <fmt/format.h>

#include <utility>

#include "cli/command.hpp"
#include "cli/quantized_train.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/training.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/quantized_checkpoint.hpp"
#include "train/quant/quantized_testing.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

bool is_quantized(const train::Safetensors& file) {
  const auto format = file.metadata.find("format");
  return format != file.metadata.end() &&
         (format->second == train::kQuantizedFormat || format->second == train::kIntegerFormat);
}

Expected<QuantizedModel> finished(train::QuantizedNetwork quantized, std::string how,
                                  std::vector<std::string> notes, const train::ImageSet& images) {
  if (Diagnostics problems = train::check_fit(quantized.network, images); !problems.empty())
    return Unexpected{std::move(problems)};
  return QuantizedModel{std::move(quantized), std::move(how), std::move(notes)};
}

Expected<QuantizedModel> read_quantized(const ModelArguments& arguments,
                                        const train::Safetensors& file,
                                        const train::ImageSet& images) {
  const Expected<OnnxModel> described = load_checkpoint_network(arguments, file);
  if (!described) return Unexpected{described.error()};
  const auto quantized = train::read_quantized_model(arguments.file, described->network);
  if (!quantized) return Unexpected{quantized.error()};
  return finished(*quantized, "quantized checkpoint", described->notes, images);
}

Expected<QuantizedModel> calibrated_model(const IntegerModelArguments& arguments,
                                          const train::Dataset& data, std::uint64_t seed) {
  const Expected<PrecisionPair> bits = pair_of("--bits", arguments.bits);
  const Expected<TrainedModel> model = load_model(arguments.model, data.train);
  Diagnostics problems = bits ? Diagnostics{} : bits.error();
  if (!model) problems.insert(problems.end(), model.error().begin(), model.error().end());
  if (!problems.empty()) return Unexpected{std::move(problems)};
  const train::FoldedNetwork folded = train::fold_for_quantization(model->network, model->weights);
  const auto calibrated =
      calibrate(folded, data.train, model->normalization, arguments.calibration_images, seed);
  if (!calibrated) return Unexpected{calibrated.error()};
  const std::size_t layers = folded.network.compute_nodes().size();
  return finished(
      (*calibrated)->quantize(CompressionPlan::uniform(layers, bits->weights, bits->inputs)),
      fmt::format("{} bits, calibrated on {} images", arguments.bits, arguments.calibration_images),
      model->notes, data.test);
}

}  // namespace

void add_integer_model_options(CLI::App& command, IntegerModelArguments& arguments) {
  command
      .add_option(
          "model", arguments.model.file,
          "Quantized checkpoint; or float weights (.safetensors, ONNX), quantized to --bits")
      ->required();
  command.add_option("--network", arguments.model.network,
                     "Built-in name or file; else as the weight file says");
  command.add_option("--normalization", arguments.model.normalization,
                     "Of float weights: fashion-mnist, cifar10, imagenet, half, none; else as the "
                     "weight file says");
  command
      .add_option("--bits", arguments.bits,
                  "Of float weights: widths of weights and inputs, W/A, for all layers")
      ->capture_default_str();
  command
      .add_option("--calibration-images", arguments.calibration_images,
                  "Of float weights: training images that find the scales")
      ->check(is_integer(1, 1 << 20))
      ->capture_default_str();
}

bool is_quantized_file(const std::string& file) {
  if (file.ends_with(".onnx")) return false;
  const Expected<train::Safetensors> content = train::read_safetensors(file);
  return content && is_quantized(*content);
}

Expected<QuantizedModel> load_quantized_model(const IntegerModelArguments& arguments,
                                              const train::Dataset& data, std::uint64_t seed) {
  if (!arguments.model.file.ends_with(".onnx")) {
    const Expected<train::Safetensors> file = train::read_safetensors(arguments.model.file);
    if (!file) return Unexpected{file.error()};
    if (is_quantized(*file)) return read_quantized(arguments.model, *file, data.test);
  }
  return calibrated_model(arguments, data, seed);
}

Expected<IntegerModel> load_integer_model(const IntegerModelArguments& arguments,
                                          const train::Dataset& data, std::uint64_t seed) {
  Expected<QuantizedModel> model = load_quantized_model(arguments, data, seed);
  if (!model) return Unexpected{model.error()};
  Expected<train::IntegerNetwork> network = train::to_integer_network(model->network);
  if (!network) return Unexpected{network.error()};
  return IntegerModel{std::move(*network), std::move(model->how), std::move(model->notes)};
}

}  // namespace hwflow::cli
