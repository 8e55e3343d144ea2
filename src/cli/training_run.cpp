#include "cli/training_run.hpp"

#include <fmt/format.h>

#include <functional>
#include <numeric>
#include <optional>
#include <set>

#include "base/enum_names.hpp"
#include "cli/command.hpp"
#include "cli/quantized_train.hpp"
#include "train/nn/held_out.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_names.hpp"
#include "train/robust/attack_options.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// Problems with options of training under the names that they have on the command line.
Diagnostics check_options(const train::TrainOptions& options) {
  static const std::map<std::string, std::string> kNames{
      {"adversary_collapse", "--collapse"},
      {"adversary_eps", "--eps"},
      {"adversary_replays", "--replays"},
      {"adversary_step_size", "--adversary-step"},
      {"adversary_steps", "--adversary-steps"},
      {"norm_decay", "--norm-decay"},
      {"range_decay", "--range-decay"},
      {"weight_clip", "--weight-clip"},
      {"bit_errors", "--bit-errors"},
      {"bit_errors.weights", "--bit-errors"},
      {"bit_errors.activations", "--activation-bit-errors"},
      {"bit_error_epochs", "--bit-error-epochs"},
      {"batch_size", "--batch-size"},
      {"distillation", "--distill"},
      {"epochs", "--epochs"},
      {"label_smoothing", "--label-smoothing"},
      {"learning_rate", "--lr"},
      {"momentum", "--momentum"},
      {"nesterov", "--nesterov"},
      {"pad", "--pad"},
      {"step_epochs", "--step-epochs"},
      {"step_factor", "--step-factor"},
      {"temperature", "--temperature"},
      {"threads", "--threads"},
      {"warmup_epochs", "--warmup"},
      {"weight_decay", "--weight-decay"}};
  Diagnostics problems = train::check(options);
  for (Diagnostic& problem : problems) {
    const auto found = kNames.find(problem.place);
    if (found != kNames.end()) problem.place = found->second;
  }
  for (const Diagnostic& problem : train::check_device(options.device))
    problems.push_back({"--device " + options.device, problem.reason, problem.hint});
  if (options.resume && !fs::exists(options.checkpoint)) {
    problems.push_back({"--resume", fmt::format("there is no {}", options.checkpoint.string()),
                        "name the --out of the run, or start without --resume"});
  }
  return problems;
}

/// What the file says of itself by its own keys cannot be said by a note.
Diagnostics check_notes(const std::vector<std::string>& notes) {
  static const std::set<std::string> kOwn{"format", "network",         "data", "seed", "training",
                                          "test",   train::kHeldOutKey};
  Diagnostics problems;
  for (const std::string& note : notes) {
    const std::size_t at = note.find('=');
    const std::string key = note.substr(0, at);
    const std::string place = "--note " + note;
    if (at == std::string::npos || key.empty()) {
      problems.push_back({place, "is not key=value", "as in --note author=me"});
    } else if (kOwn.contains(key)) {
      problems.push_back(
          {place, fmt::format("the weight file says its '{}' itself", key), "choose another key"});
    }
  }
  return problems;
}

Diagnostics check_hold_out(std::int64_t images, std::int64_t count) {
  const std::string place = fmt::format("--hold-out {}", images);
  if (images < 0) return {{place, "must be >= 0", "0 keeps no image away"}};
  if (images < count) return {};
  return {{place, fmt::format("leaves no image to train on: the training set has {}", count),
           fmt::format("at most {}", count - 1)}};
}

/// What neither this training nor the one that it started from saw.
std::string held_out_text(const TrainArguments& arguments, const TrainedModel* initial) {
  std::string own = to_text(train::HeldOut{arguments.hold_out, arguments.split_seed});
  if (initial == nullptr) return own;
  const auto found = initial->metadata.find(train::kHeldOutKey);
  const std::string before = found == initial->metadata.end() ? "" : found->second;
  if (before == own || before.starts_with("not known")) return before;
  return fmt::format("not known: the weights that it started from {}",
                     before.empty() ? "do not say" : "held out " + before);
}

/// Appends the training images of the folders of --more-data.
Diagnostics add_more_data(const TrainArguments& arguments, train::ImageSet& images) {
  Diagnostics problems;
  for (const std::string& folder : arguments.more_data) {
    const Expected<train::Dataset> more =
        read_data({.name = arguments.data.name, .directory = folder});
    if (more) {
      train::append(images, more->train);
    } else {
      problems.insert(problems.end(), more.error().begin(), more.error().end());
    }
  }
  return problems;
}

/// Takes "8/255" and "0.03".
void add_epsilon_option(CLI::App& command, const std::string& option,
                        const std::function<void(double)>& take, const std::string& meaning) {
  const auto validate = [](std::string& text) {
    const auto eps = train::robust::epsilon_from(text);
    return eps ? std::string{} : fmt::format("{} {}", text, eps.error().front().reason);
  };
  command
      .add_option_function<std::string>(
          option,
          [take](const std::string& text) {
            if (const auto eps = train::robust::epsilon_from(text)) take(eps->value);
          },
          meaning)
      ->check(CLI::Validator(validate, "", "a number or fraction"));
}

void add_hardening_options(CLI::App& command, train::TrainOptions& o) {
  train::AdversaryOptions& a = o.adversary;
  const std::string group = "Adversarial training";
  add_name_option(command, "--adversary", a.method,
                  "Train on images changed against the network: fast (one step from a random "
                  "point), pgd (several), free (each batch several times, each gradient moving "
                  "weights and pixels)")
      ->group(group);
  add_epsilon_option(
      command, "--eps", [&a](double eps) { a.eps = eps; },
      "Greatest change of a pixel, of pixels from 0 to 1; else 8/255");
  add_epsilon_option(
      command, "--adversary-step", [&a](double step) { a.step_size = step; },
      "Step of the adversary; else 1.25 eps (fast), eps/4 (pgd), eps (free)");
  command.add_option("--adversary-steps", a.steps, "Of pgd")->capture_default_str();
  command.add_option("--replays", a.replays, "Of free: times that each batch is trained on")
      ->capture_default_str();
  command.add_flag("--watch,!--no-watch", a.watch,
                   "After every epoch attack its first batch by PGD of 5 steps, and end with the "
                   "weights before where its accuracy collapsed (default)");
  command
      .add_option("--collapse", a.collapse, "So much less of it than an epoch before is a collapse")
      ->capture_default_str();
  for (const char* option :
       {"--eps", "--adversary-step", "--adversary-steps", "--replays", "--watch", "--collapse"})
    command.get_option(option)->group(group);
  command.add_option("--norm-decay", o.norm_decay,
                     "Weight decay of BatchNorm's gains and shifts; else none, or --weight-decay "
                     "with --decay-all");
  command.add_option("--range-decay", o.range_decay,
                     "Decay of the scales that training at widths learns; likewise");
  command
      .add_option("--bit-errors", o.bit_errors.weights,
                  "At widths: half of the loss is that of weights whose bits flip with this "
                  "probability")
      ->capture_default_str();
  command
      .add_option("--activation-bit-errors", o.bit_errors.activations,
                  "The same of the bits of feature maps, in the same half of the loss")
      ->capture_default_str();
  command.add_option("--bit-error-epochs", o.bit_error_epochs, "Epochs before they do")
      ->capture_default_str();
  command
      .add_option("--weight-clip", o.weight_clip,
                  "Cut weights to +- this after every step; 0: do not")
      ->capture_default_str();
}

void add_optimizer_options(CLI::App& command, train::TrainOptions& o) {
  command.add_option("--epochs", o.epochs, "Passes over the training images")
      ->capture_default_str();
  command.add_option("--batch-size", o.batch_size, "Images per step")->capture_default_str();
  command.add_option("--lr", o.learning_rate, "Peak learning rate")->capture_default_str();
  add_name_option(command, "--schedule", o.schedule, "Learning rate over time");
  command.add_option("--warmup", o.warmup_epochs, "Epochs of linear warm-up")
      ->capture_default_str();
  command.add_option("--step-epochs", o.step_epochs,
                     "Epochs at which the rate drops (with --schedule step)");
  command
      .add_option("--step-factor", o.step_factor,
                  "What the rate is multiplied by at each of them (with --schedule step)")
      ->capture_default_str();
  command.add_option("--momentum", o.momentum, "Momentum")->capture_default_str();
  command.add_flag("--nesterov,!--no-nesterov", o.nesterov, "Nesterov momentum (default)");
  command.add_option("--weight-decay", o.weight_decay, "Weight decay")->capture_default_str();
  command.add_flag("--decay-all", o.decay_norm_and_bias, "Decay BatchNorm and biases too");
  command.add_option("--label-smoothing", o.label_smoothing, "Label smoothing")
      ->capture_default_str();
  command
      .add_option("--distill", o.distillation,
                  "Share of the loss that asks for a teacher's probabilities")
      ->capture_default_str();
  command.add_option("--temperature", o.temperature, "Softens these probabilities")
      ->capture_default_str();
  command.add_option("--device", o.device, "cpu, cuda or cuda:<number>")->capture_default_str();
  command.add_flag("--resume", o.resume,
                   "Go on from the checkpoint in --out, with the same settings");
}

}  // namespace

namespace {

/// Only what was asked for.
std::string hardening_text(const train::TrainOptions& o) {
  std::string text;
  if (o.norm_decay) text += fmt::format(", decay of norms {}", *o.norm_decay);
  if (o.range_decay) text += fmt::format(", decay of ranges {}", *o.range_decay);
  if (o.weight_clip > 0.0) text += fmt::format(", weights cut to +-{}", o.weight_clip);
  if (o.bit_errors.any()) {
    text += fmt::format(", bit errors of weights {} and of activations {} after {} epochs",
                        o.bit_errors.weights, o.bit_errors.activations, o.bit_error_epochs);
  }
  const train::AdversaryOptions& a = o.adversary;
  if (!a.is_on()) return text;
  text +=
      fmt::format(", adversary {} eps {:.6f} step {:.6f}", enum_name(a.method), a.eps, a.step());
  if (a.method == train::AdversaryMethod::pgd) text += fmt::format(" steps {}", a.steps);
  if (a.method == train::AdversaryMethod::free) text += fmt::format(" replays {}", a.replays);
  return text;
}

}  // namespace

std::string training_text(const TrainArguments& a) {
  const train::TrainOptions& o = a.options;
  return fmt::format(
             "epochs {}, batch {}, {} rate {} after {} warm-up epochs, momentum {}{}, weight decay "
             "{}, "
             "label smoothing {}, {}crop pad {}, flip {}, threads {}",
             o.epochs, o.batch_size, enum_name(o.schedule), o.learning_rate, o.warmup_epochs,
             o.momentum, o.nesterov ? " (Nesterov)" : "", o.weight_decay, o.label_smoothing,
             o.distillation > 0.0
                 ? fmt::format("distillation {} at temperature {}, ", o.distillation, o.temperature)
                 : std::string{},
             o.augmentation.pad, o.augmentation.flip, o.threads) +
         hardening_text(o);
}

Diagnostics check_training(const TrainArguments& arguments) {
  Diagnostics problems = check_options(arguments.options);
  for (Diagnostic& problem : check_notes(arguments.notes)) problems.push_back(std::move(problem));
  return problems;
}

void add_training_options(CLI::App& command, TrainArguments& arguments) {
  add_data_options(command, arguments.data);
  add_optimizer_options(command, arguments.options);
  add_hardening_options(command, arguments.options);
  command
      .add_option("--pad", arguments.options.augmentation.pad,
                  "Random crop from the image padded by so many pixels")
      ->capture_default_str();
  command.add_flag("--flip,!--no-flip", arguments.options.augmentation.flip,
                   "Mirror every second image (default)");
  command
      .add_option("--hold-out", arguments.hold_out,
                  "Training images kept away, for a search to rank plans by (0: none)")
      ->capture_default_str();
  command
      .add_option("--split-seed", arguments.split_seed,
                  "Which images: as accuracy.split_seed of the studies that use the weights")
      ->capture_default_str();
  command.add_option("--more-data", arguments.more_data,
                     "Further folder of the same format, whose training images are added");
}

Expected<TrainInputs> read_training_inputs(const TrainArguments& arguments) {
  Diagnostics problems;
  const auto keep = [&problems](const auto& expected) {
    if (!expected) {
      problems.insert(problems.end(), expected.error().begin(), expected.error().end());
    }
  };
  Expected<OnnxModel> model = load_network(arguments.network);
  keep(model);
  Expected<train::Dataset> data = read_data(arguments.data);
  keep(data);
  if (data) {
    const Diagnostics wrong = check_hold_out(arguments.hold_out, data->train.count());
    problems.insert(problems.end(), wrong.begin(), wrong.end());
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};

  TrainInputs inputs{.network = std::move(model->network),
                     .initial = std::nullopt,
                     .folded = std::nullopt,
                     .training = {},
                     .test = std::move(data->test),
                     .normalization = {},
                     .held_out = held_out_text(arguments, nullptr)};
  inputs.notes = std::move(model->notes);
  const train::ImageSplit split =
      train::stratified_split(data->train, arguments.hold_out, 0, arguments.split_seed);
  inputs.training = train::select(data->train, split.training);
  const Diagnostics unread = add_more_data(arguments, inputs.training);
  problems.insert(problems.end(), unread.begin(), unread.end());
  const auto normalization = choose_normalization(arguments.normalization, data->train);
  keep(normalization);
  if (normalization) inputs.normalization = normalization.value();
  if (arguments.quantized.wanted() && !arguments.initial.empty()) {
    Expected<FoldedModel> folded = load_folded(
        {arguments.initial, arguments.network, arguments.normalization}, inputs.training);
    keep(folded);
    if (folded) {
      inputs.normalization = folded->normalization;
      inputs.folded = std::move(folded->folded);
    }
  } else if (!arguments.initial.empty()) {
    const auto loaded = load_model({arguments.initial, arguments.network, arguments.normalization},
                                   inputs.training);
    keep(loaded);
    if (loaded) {
      inputs.initial = loaded->weights;
      inputs.normalization = loaded->normalization;
      inputs.held_out = held_out_text(arguments, &*loaded);
    }
  }
  const Diagnostics misfits = train::check_fit(inputs.network, inputs.training);
  problems.insert(problems.end(), misfits.begin(), misfits.end());
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return inputs;
}

Expected<std::int64_t> correct_of_test(const TrainArguments& arguments, const TrainInputs& inputs,
                                       const WeightMap& weights) {
  const auto right =
      train::correct_images(inputs.network, weights, inputs.test, inputs.normalization,
                            {.batch_size = 256,
                             .device = arguments.options.device,
                             .threads = arguments.options.threads});
  if (!right) return Unexpected{right.error()};
  return std::accumulate(right->begin(), right->end(), std::int64_t{0});
}

int report_stopped(bool begun) {
  fmt::print(stderr, "hwflow: stopped{}\n",
             begun ? "; go on with --resume" : " before any epoch was trained");
  return kWorldFailed;
}

void print_epoch(const train::EpochReport& report, int epochs, const Log& log) {
  std::string line = fmt::format(
      "epoch {:>3} of {}: loss {:.4f}, accuracy {:.2f} %, rate {:.5f}, {:.1f} s", report.epoch,
      epochs, report.loss, 100.0 * report.accuracy, report.learning_rate, report.seconds);
  if (report.robust_accuracy)
    line += fmt::format(", robust {:.2f} % of its first batch", 100.0 * *report.robust_accuracy);
  if (report.collapsed) line += ": collapsed; the weights before this epoch are kept";
  if (log.is_on()) {
    log.write(line);
  } else {
    fmt::print(stderr, "{}\n", line);
  }
}

std::map<std::string, std::string> training_metadata(const TrainArguments& arguments,
                                                     const TrainInputs& inputs,
                                                     std::int64_t correct) {
  std::map<std::string, std::string> metadata{
      {"format", "hwflow model 1"},
      {"network", arguments.network},
      {"data", inputs.training.name},
      {"seed", std::to_string(arguments.options.seed)},
      {"training", training_text(arguments)},
      {train::kHeldOutKey, inputs.held_out},
      {"test", fmt::format("{} of {} right", correct, inputs.test.count())}};
  train::add_to_metadata(inputs.normalization, metadata);
  for (const std::string& note : arguments.notes) {
    const std::size_t at = note.find('=');
    metadata[note.substr(0, at)] = note.substr(at + 1);
  }
  return metadata;
}

Json epochs_json(const TrainOutcome& outcome) {
  Json epochs = Json::array();
  for (const train::EpochReport& e : outcome.epochs) {
    epochs.push_back({{"epoch", e.epoch},
                      {"loss", e.loss},
                      {"accuracy", e.accuracy},
                      {"learning_rate", e.learning_rate},
                      {"seconds", e.seconds}});
    if (!e.robust_accuracy) continue;
    epochs.back()["robust_accuracy"] = *e.robust_accuracy;
    epochs.back()["collapsed"] = e.collapsed;
  }
  return epochs;
}

Json training_json(const TrainArguments& arguments, const TrainInputs& inputs,
                   const TrainOutcome& outcome) {
  const auto total = inputs.test.count();
  return {{"network", arguments.network},
          {"data", inputs.training.name},
          {"seed", arguments.options.seed},
          {"training_images", inputs.training.count()},
          {"epochs", epochs_json(outcome)},
          {"test",
           {{"correct", outcome.correct},
            {"total", total},
            {"top1", static_cast<double>(outcome.correct) / static_cast<double>(total)}}},
          {"model", outcome.file.string()}};
}

Expected<TrainOutcome> train_float(const TrainArguments& arguments, const TrainInputs& inputs,
                                   const train::Teacher* teacher, const fs::path& folder,
                                   const train::EpochProgress& progress,
                                   const std::stop_token& stop) {
  auto trained =
      train::train_network(inputs.network, inputs.initial, inputs.training, inputs.normalization,
                           arguments.options, progress, stop, teacher);
  if (!trained) return Unexpected{trained.error()};
  TrainOutcome outcome;
  outcome.epochs = std::move(trained->epochs);
  outcome.stopped = trained->stopped;
  if (outcome.stopped) return outcome;
  const Expected<std::int64_t> correct = correct_of_test(arguments, inputs, trained->weights);
  if (!correct) return Unexpected{correct.error()};
  outcome.correct = *correct;
  outcome.file = folder / (inputs.network.name() + ".safetensors");
  outcome.weights = std::move(trained->weights);
  train::write_safetensors(
      outcome.file, {outcome.weights, training_metadata(arguments, inputs, outcome.correct)});
  return outcome;
}

}  // namespace hwflow::cli
