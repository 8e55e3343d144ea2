#include "cli/test_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "cli/training_inputs.hpp"
#include "study/paired_test.hpp"
#include "train/nn/image_split.hpp"
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
  /// Test images that a study with accuracy.held_out_from: test searched and confirmed on.
  std::int64_t without_search = 0, without_confirm = 0;
  std::uint64_t split_seed = train::kSplitSeed;
  ModelArguments against;  ///< file empty: none
  std::string against_mode = "float";
  std::optional<double> margin;  ///< of non-inferiority, points
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
  const Expected<train::Safetensors> file = train::read_safetensors(arguments.model.file);
  if (!file) return Unexpected{file.error()};
  const Expected<OnnxModel> described = load_checkpoint_network(arguments.model, *file);
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

/// Without those that plans were chosen by.
train::ImageSet untouched_images(const train::Dataset& data, const TestArguments& arguments) {
  if (arguments.without_search + arguments.without_confirm == 0) return data.test;
  return train::image_parts(data, arguments.without_search, arguments.without_confirm,
                            arguments.split_seed, train::HeldOutFrom::test)
      .test;
}

Expected<Tested> test_in_mode(const TestArguments& arguments, const train::ImageSet& images,
                              int threads) {
  return std::ranges::find(kModes, arguments.mode, &Mode::name)->test(arguments, images, threads);
}

/// A tested model and its numbers.
struct Score {
  std::string file, mode;
  Tested tested;
  std::int64_t correct = 0;
  double top1 = 0.0, standard_error = 0.0;
};

Score score_of(const TestArguments& arguments, Tested tested) {
  const auto total = static_cast<double>(tested.correct.size());
  Score score{arguments.model.file, arguments.mode, std::move(tested)};
  score.correct =
      std::accumulate(score.tested.correct.begin(), score.tested.correct.end(), std::int64_t{0});
  score.top1 = static_cast<double>(score.correct) / total;
  score.standard_error = std::sqrt(score.top1 * (1.0 - score.top1) / total);
  return score;
}

nlohmann::ordered_json json_of(const Score& score) {
  return {{"model", score.file},         {"mode", score.mode},
          {"notes", score.tested.notes}, {"correct", score.correct},
          {"top1", score.top1},          {"standard_error", score.standard_error}};
}

/// The lower end of the two-sided 95 % interval lies above -margin: a one-sided test at 2.5 %.
bool is_not_inferior(const study::PairedTest& pair, double margin) {
  return 100.0 * pair.low > -margin;
}

nlohmann::ordered_json json_of(const study::PairedTest& pair) {
  return {{"both_right", pair.both_right},
          {"only_model_right", pair.only_a_right},
          {"only_against_right", pair.only_b_right},
          {"both_wrong", pair.both_wrong},
          {"difference", pair.difference},
          {"low", pair.low},
          {"high", pair.high},
          {"p_value", pair.p_value}};
}

std::string line_of(const Score& score) {
  return fmt::format("{}: {} of {} right, top-1 {:.2f} % +- {:.2f} ({})\n", score.file,
                     score.correct, score.tested.correct.size(), 100.0 * score.top1,
                     100.0 * score.standard_error, score.mode);
}

std::string line_of(const study::PairedTest& pair) {
  return fmt::format(
      "difference {:+.2f} points (95 % interval {:+.2f} to {:+.2f}, McNemar p = {:.2g}): {} only "
      "by "
      "the first, {} only by the second\n",
      100.0 * pair.difference, 100.0 * pair.low, 100.0 * pair.high, pair.p_value, pair.only_a_right,
      pair.only_b_right);
}

/// The first is the model, the second, if any, what it is tested against.
Expected<std::vector<Score>> test_all(const TestArguments& arguments, const train::ImageSet& images,
                                      int threads) {
  std::vector<TestArguments> wanted{arguments};
  if (!arguments.against.file.empty()) {
    wanted.push_back(arguments);
    wanted.back().model = arguments.against;
    wanted.back().mode = arguments.against_mode;
  }
  std::vector<Score> scores;
  Diagnostics problems;
  for (const TestArguments& one : wanted) {
    Expected<Tested> tested = test_in_mode(one, images, threads);
    if (tested) {
      scores.push_back(score_of(one, std::move(*tested)));
    } else {
      problems.insert(problems.end(), tested.error().begin(), tested.error().end());
    }
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return scores;
}

int run_test(const TestArguments& arguments, const GlobalOptions& options) {
  const Expected<train::Dataset> data = read_data(arguments.data);
  if (!data) return report_wrong_input(data.error());
  if (const std::int64_t without = arguments.without_search + arguments.without_confirm;
      without >= data->test.count()) {
    return report_wrong_input(
        {{"--without-search, --without-confirm",
          fmt::format("leave nothing of {} test images", data->test.count()), ""}});
  }
  const train::ImageSet images = first_images(untouched_images(*data, arguments), arguments.first);
  const auto start = std::chrono::steady_clock::now();
  const Expected<std::vector<Score>> scores = test_all(arguments, images, thread_count(options));
  if (!scores) return report_wrong_input(scores.error());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  for (const Score& score : *scores) print_notes(options, score.file, score.tested.notes);

  nlohmann::ordered_json tree = json_of(scores->front());
  tree["data"] = images.name;
  tree["total"] = images.count();
  tree["seconds"] = seconds.count();
  std::string text;
  for (const Score& score : *scores) text += line_of(score);
  if (scores->size() > 1) {
    const study::PairedTest pair =
        study::paired_test(scores->front().tested.correct, scores->back().tested.correct);
    tree["against"] = json_of(scores->back());
    tree["paired_test"] = json_of(pair);
    text += line_of(pair);
    if (arguments.margin) {
      const bool shown = is_not_inferior(pair, *arguments.margin);
      tree["paired_test"]["margin_points"] = *arguments.margin;
      tree["paired_test"]["not_inferior"] = shown;
      text += fmt::format("not inferior by more than {} points: {}\n", *arguments.margin,
                          shown ? "shown" : "not shown by these images");
    }
  }
  write_json_tree(options, tree);
  if (options.json != "-" && !options.quiet) fmt::print("{}", text);
  return kDone;
}

std::vector<std::string> mode_names() {
  std::vector<std::string> names;
  for (const Mode& mode : kModes) names.emplace_back(mode.name);
  return names;
}

void add_against_options(CLI::App& command, TestArguments& arguments) {
  CLI::Option* against =
      command.add_option("--against", arguments.against.file,
                         "A second model, compared image by image: exact McNemar test and the "
                         "95 % interval of the difference");
  command.add_option("--against-network", arguments.against.network, "Its network, likewise")
      ->needs(against);
  command.add_option("--against-normalization", arguments.against.normalization, "Likewise")
      ->needs(against);
  command.add_option("--against-mode", arguments.against_mode, "Its arithmetic")
      ->check(CLI::IsMember(mode_names()))
      ->needs(against)
      ->capture_default_str();
  command
      .add_option("--margin", arguments.margin,
                  "Say whether the interval shows the first to lose less than so many points")
      ->check(is_number(0.0, 100.0))
      ->needs(against);
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
  command
      ->add_option(
          "--without-search", arguments->without_search,
          "Leave out the test images that a study with accuracy.held_out_from: test searched "
          "on: its accuracy.search_images")
      ->check(is_integer(0, 1 << 30));
  command
      ->add_option("--without-confirm", arguments->without_confirm,
                   "And those it confirmed on: its accuracy.confirm_images")
      ->check(is_integer(0, 1 << 30));
  command->add_option("--split-seed", arguments->split_seed, "Its accuracy.split_seed")
      ->capture_default_str();
  command->add_option("--device", arguments->device, "cpu, cuda or cuda:<number>")
      ->capture_default_str();
  add_against_options(*command, *arguments);
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_test(*arguments, options); });
}

}  // namespace hwflow::cli
