#include "cli/test_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "cli/training_inputs.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/training.hpp"
#include "train/quant/quantized_testing.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

struct TestArguments {
  ModelArguments model;
  DataArguments data;
  std::string mode = "float";
  std::string device = "cpu";
  std::int64_t first = 0;  ///< 0: all
};

struct Tested {
  std::vector<std::uint8_t> correct;  ///< 1 for every image that the model gets right
  std::vector<std::string> notes;     ///< what the reader of the network simplified
};

Expected<Tested> with_notes(Expected<std::vector<std::uint8_t>> correct,
                            std::vector<std::string> notes) {
  if (!correct) return Unexpected{std::move(correct).error()};
  return Tested{std::move(*correct), std::move(notes)};
}

Expected<Tested> test_float(const TestArguments& arguments, const train::ImageSet& images,
                            int threads) {
  const Expected<TrainedModel> model = load_model(arguments.model, images);
  if (!model) return Unexpected{model.error()};
  return with_notes(
      train::correct_images(model->network, model->weights, images, model->normalization,
                            {.batch_size = 256, .device = arguments.device, .threads = threads}),
      model->notes);
}

/// A quantized checkpoint; its network is the one that it names unless --network says otherwise.
Expected<Tested> test_quantized(const TestArguments& arguments, const train::ImageSet& images,
                                train::QuantizedMode mode, int threads) {
  std::string name = arguments.model.network;
  if (name.empty()) {
    const Expected<train::Safetensors> file = train::read_safetensors(arguments.model.file);
    if (!file) return Unexpected{file.error()};
    const auto named = file->metadata.find("network");
    if (named == file->metadata.end()) {
      return Unexpected{Diagnostics{
          {arguments.model.file, "does not say which network it belongs to", "add --network"}}};
    }
    name = named->second;
  }
  const Expected<OnnxModel> described = load_network(name);
  if (!described) return Unexpected{described.error()};
  return with_notes(train::test_quantized_checkpoint(arguments.model.file, described->network,
                                                     images, mode, threads),
                    described->notes);
}

Expected<Tested> test_fake(const TestArguments& arguments, const train::ImageSet& images,
                           int threads) {
  return test_quantized(arguments, images, train::QuantizedMode::fake, threads);
}

Expected<Tested> test_integer(const TestArguments& arguments, const train::ImageSet& images,
                              int threads) {
  return test_quantized(arguments, images, train::QuantizedMode::integer, threads);
}

/// One row per arithmetic that a model can be tested in.
struct Mode {
  const char* name;
  Expected<Tested> (*test)(const TestArguments&, const train::ImageSet&, int threads);
};
constexpr std::array kModes{Mode{"float", test_float}, Mode{"fake", test_fake},
                            Mode{"integer", test_integer}};

train::ImageSet first_images(const train::ImageSet& images, std::int64_t count) {
  if (count <= 0 || count >= images.count()) return images;
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return train::select(images, indices);
}

int run_test(const TestArguments& arguments, const GlobalOptions& options) {
  const Expected<train::Dataset> data = read_data(arguments.data);
  if (!data) return report_wrong_input(data.error());
  const train::ImageSet images = first_images(data->test, arguments.first);
  const auto mode = std::ranges::find(kModes, arguments.mode, &Mode::name);
  const auto start = std::chrono::steady_clock::now();
  const Expected<Tested> result = mode->test(arguments, images, thread_count(options));
  if (!result) return report_wrong_input(result.error());
  print_notes(options, arguments.model.file, result->notes);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const auto total = static_cast<double>(images.count());
  const std::int64_t correct =
      std::accumulate(result->correct.begin(), result->correct.end(), std::int64_t{0});
  const double top1 = static_cast<double>(correct) / total;
  const double error = std::sqrt(top1 * (1.0 - top1) / total);
  write_json_tree(options, nlohmann::ordered_json({{"model", arguments.model.file},
                                                   {"data", images.name},
                                                   {"mode", arguments.mode},
                                                   {"notes", result->notes},
                                                   {"correct", correct},
                                                   {"total", images.count()},
                                                   {"top1", top1},
                                                   {"standard_error", error},
                                                   {"seconds", seconds}}));
  if (options.json != "-" && !options.quiet) {
    fmt::print("{}: {} of {} right, top-1 {:.2f} % +- {:.2f} ({}, {:.1f} s)\n",
               arguments.model.file, correct, images.count(), 100.0 * top1, 100.0 * error,
               arguments.mode, seconds);
  }
  return kDone;
}

std::vector<std::string> mode_names() {
  std::vector<std::string> names;
  for (const Mode& mode : kModes) names.emplace_back(mode.name);
  return names;
}

}  // namespace

void add_test_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("test", "Accuracy of a trained network on the test set");
  add_global_options(*command, options);
  const auto arguments = std::make_shared<TestArguments>();
  command->add_option("model", arguments->model.file, "Weights (.safetensors) or ONNX file")
      ->required();
  command->add_option("--network", arguments->model.network,
                      "Built-in name or file; else as the weight file says");
  command->add_option("--normalization", arguments->model.normalization,
                      "fashion-mnist, cifar10, imagenet, half, none; else as the weight file says");
  add_data_options(*command, arguments->data);
  command->add_option("--mode", arguments->mode, "Arithmetic")
      ->check(CLI::IsMember(mode_names()))
      ->capture_default_str();
  command->add_option("--first", arguments->first, "Only so many images of the test set, 0 = all")
      ->check(is_integer(0, 1 << 30));
  command->add_option("--device", arguments->device, "cpu, cuda or cuda:<number>")
      ->capture_default_str();
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_test(*arguments, options); });
}

}  // namespace hwflow::cli
