#include "cli/train_command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "cli/interrupt.hpp"
#include "cli/quantized_train.hpp"
#include "cli/training_run.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

Expected<TrainOutcome> train_in_float(const TrainArguments& arguments, const TrainInputs& inputs,
                                      const fs::path& folder, const train::EpochProgress& progress,
                                      const std::stop_token& stop) {
  if (arguments.options.distillation <= 0.0)
    return train_float(arguments, inputs, nullptr, folder, progress, stop);
  const Expected<train::Teacher> teacher = load_teacher(arguments, inputs);
  if (!teacher) return Unexpected{teacher.error()};
  return train_float(arguments, inputs, &*teacher, folder, progress, stop);
}

int run_train(TrainArguments& arguments, const GlobalOptions& options) {
  const InterruptWatch interrupts;
  arguments.options.seed = options.seed;
  arguments.options.threads = thread_count(options);
  const fs::path folder = options.out.value_or("runs/train");
  arguments.options.checkpoint = folder / "checkpoint.safetensors";
  Diagnostics problems = check_training(arguments);
  for (Diagnostic& problem : check_quantized(arguments)) problems.push_back(std::move(problem));
  Expected<TrainInputs> inputs = read_training_inputs(arguments);
  if (!inputs) {
    problems.insert(problems.end(), inputs.error().begin(), inputs.error().end());
  }
  if (!problems.empty()) return report_wrong_input(problems);
  fs::create_directories(folder);
  print_notes(options, arguments.network, inputs->notes);

  const Log log(options.logs());
  log.write(fmt::format("{} on {} images of {}, {} epochs", inputs->network.name(),
                        inputs->training.count(), inputs->training.name, arguments.options.epochs));
  const auto progress = [&](const train::EpochReport& report) {
    if (!options.quiet) print_epoch(report, arguments.options.epochs, log);
  };
  const Expected<TrainOutcome> outcome =
      arguments.quantized.wanted()
          ? train_quantized(arguments, *inputs, folder, progress, interrupts.token(),
                            [&](std::int64_t correct) {
                              return training_metadata(arguments, *inputs, correct);
                            })
          : train_in_float(arguments, *inputs, folder, progress, interrupts.token());
  if (!outcome) return report_wrong_input(outcome.error());
  if (outcome->stopped) return report_stopped(!outcome->epochs.empty());
  write_json_tree(options, training_json(arguments, *inputs, *outcome));
  if (options.json != "-" && !options.quiet) {
    fmt::print("{} of {} test images right; weights in {}\n", outcome->correct,
               inputs->test.count(), outcome->file.string());
  }
  return kDone;
}

}  // namespace

void add_train_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("train", "Train a network: in float, or at given widths");
  add_global_options(*command, options);
  // Sums of floats depend on how they are split among threads.
  command->get_option("--threads")
      ->description(
          "Threads to use, 0 = all cores; the same number gives the same weights bit for bit, "
          "another number gives slightly different ones");
  const auto arguments = std::make_shared<TrainArguments>();
  arguments->options.augmentation = {.pad = 4, .flip = true};
  command->add_option("network", arguments->network, "Built-in name, ONNX or YAML file")
      ->required();
  add_training_options(*command, *arguments);
  command->add_option("--initial", arguments->initial, "Weight file to start from");
  add_quantized_options(*command, arguments->quantized);
  command->add_option("--normalization", arguments->normalization,
                      "fashion-mnist, cifar10, imagenet, half, none; else the data set's");
  command->add_option("--note", arguments->notes, "key=value for the metadata of the weight file");
  command->callback(
      [arguments, &options, &exit_code] { exit_code = run_train(*arguments, options); });
}

}  // namespace hwflow::cli
