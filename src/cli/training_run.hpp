#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "cli/log.hpp"
#include "cli/train_arguments.hpp"

namespace hwflow::cli {

/// Data, optimizer, augmentation and held-out images: of every command that trains.
void add_training_options(CLI::App& command, TrainArguments& arguments);

/// Everything wrong with these and with the notes that is known before files are read.
[[nodiscard]] Diagnostics check_training(const TrainArguments& arguments);

/// Errors  all that is wrong with network, weights, data and their fit together.
[[nodiscard]] Expected<TrainInputs> read_training_inputs(const TrainArguments& arguments);

/// Test images that the network gets right with these weights. Errors  as train::correct_images().
[[nodiscard]] Expected<std::int64_t> correct_of_test(const TrainArguments& arguments,
                                                     const TrainInputs& inputs,
                                                     const WeightMap& weights);

/// Trains in float, tests, and writes <folder>/<network>.safetensors.
/// teacher  of options.distillation
[[nodiscard]] Expected<TrainOutcome> train_float(const TrainArguments& arguments,
                                                 const TrainInputs& inputs,
                                                 const train::Teacher* teacher,
                                                 const std::filesystem::path& folder,
                                                 const train::EpochProgress& progress,
                                                 const std::stop_token& stop);

/// Says that the run was stopped, and how it goes on if it has `begun`: there is a checkpoint of
/// its own. The exit code.
int report_stopped(bool begun);

/// Every setting of a training in one line.
[[nodiscard]] std::string training_text(const TrainArguments& arguments);

void print_epoch(const train::EpochReport& report, int epochs, const Log& log);

/// What a weight file says of how it was made, given the test images that it gets right.
[[nodiscard]] std::map<std::string, std::string> training_metadata(const TrainArguments& arguments,
                                                                   const TrainInputs& inputs,
                                                                   std::int64_t correct);
[[nodiscard]] nlohmann::ordered_json epochs_json(const TrainOutcome& outcome);
[[nodiscard]] nlohmann::ordered_json training_json(const TrainArguments& arguments,
                                                   const TrainInputs& inputs,
                                                   const TrainOutcome& outcome);

}  // namespace hwflow::cli
