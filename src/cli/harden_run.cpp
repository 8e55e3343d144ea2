#include "cli/harden_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/harden_output.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress_line.hpp"
#include "cli/quantized_train.hpp"
#include "cli/training_run.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

/// --attack-eps and its companions, as the library takes them.
Diagnostics read_attack(HardenArguments& arguments) {
  train::robust::AttackOptions& attack = arguments.measure.attack;
  attack.eps.clear();
  attack.apgd_steps = attack.pgd_steps;
  Diagnostics problems;
  for (const std::string& text : arguments.attack_eps) {
    if (text == "none") continue;
    const auto eps = train::robust::epsilon_from(text);
    if (eps) attack.eps.push_back(*eps);
    for (const Diagnostic& problem : eps ? Diagnostics{} : eps.error())
      problems.push_back({"--attack-eps " + text, problem.reason, problem.hint});
  }
  if (!attack.eps.empty()) {
    for (const Diagnostic& problem : train::robust::check(attack))
      problems.push_back({"--attack: " + problem.place, problem.reason, problem.hint});
  }
  return problems;
}

Diagnostics check_arguments(const HardenArguments& arguments, const GlobalOptions& options) {
  Diagnostics problems = check_outputs(options);
  for (const double rate : arguments.measure.bit_rates) {
    if (!(rate > 0.0 && rate < 1.0))
      problems.push_back({fmt::format("--rates {:g}", rate), "is no probability of a flipped bit",
                          "above 0, below 1"});
  }
  if (arguments.measure_only) {
    if (arguments.control)
      problems.push_back(
          {"--control", "is trained, and --measure-only trains nothing", "leave one out"});
    if (arguments.training.options.resume)
      problems.push_back({"--resume", "goes on with training, and --measure-only trains nothing",
                          "leave one out"});
    return problems;
  }
  TrainArguments fresh = arguments.training;
  fresh.options.resume = false;  // each training goes on with its own checkpoint, if there is one
  append(problems, check_training(fresh));
  return problems;
}

/// Epochs and bit errors without the remedies: what is left is training at widths.
train::TrainOptions without_remedies(train::TrainOptions options) {
  options.bit_errors = {};
  options.weight_clip = 0.0;
  options.norm_decay.reset();
  options.range_decay.reset();
  return options;
}

/// A run of the command.
class HardenRun {
 public:
  HardenRun(HardenArguments& arguments, const GlobalOptions& options, const train::Dataset& data)
      : arguments_(arguments),
        options_(options),
        data_(data),
        folder_(options.out.value_or("runs/harden")),
        resume_(arguments.training.options.resume),
        log_(options.logs()),
        line_(options.quiet, Log(options.logs())) {
    outcome_.options = arguments.measure;
    outcome_.data = data.test.name;
    outcome_.page_file = folder_ / "harden.html";
  }

  int run(QuantizedModel before, std::vector<QuantizedModel> beside) {
    outcome_.network = before.network.network.name();
    Expected<std::optional<TrainInputs>> inputs = training_inputs(before.network);
    if (!inputs) return report_wrong_input(inputs.error());
    fs::create_directories(folder_);
    Diagnostics problems = measure("before", arguments_.model.model.file, before);
    for (std::size_t i = 0; i < beside.size() && problems.empty(); ++i)
      problems = measure(arguments_.beside[i], arguments_.beside[i], beside[i]);
    if (problems.empty() && *inputs && !stopped()) problems = train_all(**inputs);
    line_.close();
    if (!problems.empty()) return report_wrong_input(problems);
    if (stopped()) return report_stopped(begun_);
    return tell();
  }

 private:
  [[nodiscard]] bool stopped() const { return interrupts_.token().stop_requested(); }

  /// What trains at the model's own widths, from where it stands; none with --measure-only.
  Expected<std::optional<TrainInputs>> training_inputs(const train::QuantizedNetwork& before) {
    if (arguments_.measure_only) return std::optional<TrainInputs>{};
    TrainArguments& training = arguments_.training;
    training.initial = arguments_.model.model.file;
    training.network = network_of_model(arguments_.model.model).value();
    training.normalization = arguments_.model.model.normalization;
    training.quantized.plan = to_text(before.plan);
    training.quantized.calibration_images = arguments_.model.calibration_images;
    const bool dorefa = std::ranges::any_of(
        before.nodes, [](const train::QuantizedNode& node) { return node.weights.dorefa; });
    if (dorefa) {
      return Unexpected{Diagnostics{{training.initial,
                                     "has weights of DoReFa's codes, which training against bit "
                                     "errors does not know",
                                     "--measure-only, or a checkpoint of lsq or pact"}}};
    }
    Expected<TrainInputs> inputs = read_training_inputs(training);
    if (!inputs) return Unexpected{inputs.error()};
    return std::optional<TrainInputs>(std::move(*inputs));
  }

  Diagnostics measure(const std::string& name, const std::string& file,
                      const QuantizedModel& model) {
    if (stopped()) return {};
    const auto show = [&](const std::string& what, std::int64_t done, std::int64_t total) {
      line_.show({.phase = "measure", .done = done, .total = total, .note = name + ", " + what});
    };
    Expected<Resilience> found = measure_resilience(model.network, data_.test, arguments_.measure,
                                                    show, interrupts_.token());
    if (!found) return found.error();
    found->file = file;
    found->how = model.how;
    outcome_.models.push_back({name, std::move(*found)});
    return {};
  }

  Diagnostics train_all(const TrainInputs& inputs) {
    const train::TrainOptions hardening = arguments_.training.options;
    if (arguments_.control) {
      arguments_.training.options = without_remedies(hardening);
      if (Diagnostics problems = train("control", inputs); !problems.empty()) return problems;
      arguments_.training.options = hardening;
    }
    outcome_.training = training_text(arguments_.training);
    Diagnostics problems = train("hardened", inputs);
    if (problems.empty() && !stopped()) outcome_.weights_file = outcome_.models.back().found.file;
    return problems;
  }

  Diagnostics train(const std::string& name, const TrainInputs& inputs) {
    if (stopped()) return {};
    line_.close();
    const fs::path folder = folder_ / name;
    fs::create_directories(folder);
    TrainArguments& training = arguments_.training;
    training.options.checkpoint = folder / "checkpoint.safetensors";
    training.options.resume = resume_ && fs::exists(training.options.checkpoint);
    const auto progress = [&](const train::EpochReport& report) {
      if (!options_.quiet) print_epoch(report, training.options.epochs, log_);
    };
    begun_ = true;
    const Expected<TrainOutcome> outcome = train_quantized(
        training, inputs, folder, progress, interrupts_.token(),
        [&](std::int64_t correct) { return training_metadata(training, inputs, correct); });
    if (!outcome) return outcome.error();
    if (outcome->stopped) return {};
    IntegerModelArguments trained = arguments_.model;
    trained.model = {outcome->file.string(), training.network, ""};
    const Expected<QuantizedModel> model = load_quantized_model(trained, data_, options_.seed);
    if (!model) return model.error();
    Diagnostics problems = measure(name, outcome->file.string(), *model);
    if (problems.empty() && !stopped()) outcome_.models.back().epochs = outcome->epochs;
    return problems;
  }

  int tell() {
    const nlohmann::ordered_json json = to_json(outcome_);
    write_json_tree(options_, json);
    write_file(folder_ / "harden.json", json.dump(2) + "\n");
    write_file(outcome_.page_file, harden_page(outcome_));
    if (options_.json != "-" && !options_.quiet) fmt::print("{}", harden_text(outcome_));
    return kDone;
  }

  HardenArguments& arguments_;
  const GlobalOptions& options_;
  const train::Dataset& data_;
  fs::path folder_;
  bool resume_;
  InterruptWatch interrupts_;
  Log log_;
  ProgressLine line_;
  bool begun_ = false;  ///< there is a training that --resume goes on with
  HardenOutcome outcome_;
};

}  // namespace

int run_harden(HardenArguments& arguments, const GlobalOptions& options) {
  arguments.training.options.seed = arguments.measure.seed = options.seed;
  arguments.training.options.threads = arguments.measure.threads = thread_count(options);
  Diagnostics problems = read_attack(arguments);
  append(problems, check_arguments(arguments, options));
  const Expected<train::Dataset> data = read_data(arguments.training.data);
  if (!data) append(problems, data.error());
  if (!data) return report_wrong_input(problems);
  Expected<QuantizedModel> before = load_quantized_model(arguments.model, *data, options.seed);
  if (!before) append(problems, before.error());
  std::vector<QuantizedModel> beside;
  for (const std::string& file : arguments.beside) {
    IntegerModelArguments other = arguments.model;
    other.model = {file, "", arguments.model.model.normalization};
    Expected<QuantizedModel> model = load_quantized_model(other, *data, options.seed);
    if (!model) append(problems, model.error());
    if (model) beside.push_back(std::move(*model));
  }
  if (!problems.empty()) return report_wrong_input(problems);
  print_notes(options, arguments.model.model.file, before->notes);
  return HardenRun(arguments, options, *data).run(std::move(*before), std::move(beside));
}

}  // namespace hwflow::cli
