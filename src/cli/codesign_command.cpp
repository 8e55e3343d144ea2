#include "cli/codesign_command.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/codesign_output.hpp"
#include "cli/comparison_run.hpp"
#include "cli/interrupt.hpp"
#include "cli/machine.hpp"
#include "cli/progress_line.hpp"
#include "cli/training_inputs.hpp"
#include "schema/settings.hpp"
#include "study/accuracy_proxy.hpp"
#include "study/codesign.hpp"
#include "study/resilience.hpp"
#include "study/run_lock.hpp"
#include "study/run_session.hpp"
#include "train/fault/image_flips.hpp"
#include "train/nn/held_out.hpp"
#include "train/nn/image_split.hpp"
#include "train/quant/quantized_accuracy_model.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

Expected<std::vector<study::LoadedStudy>> load(const StudyArguments& arguments,
                                               std::vector<std::string> settings) {
  if (!arguments.data_directory.empty()) {
    settings.push_back("data.directory=" + arguments.data_directory);
  }
  return study::load_studies(arguments.study, settings, study_folders(arguments.data_directory));
}

train::Normalization normalization_of(const study::DataOptions& data,
                                      const train::Normalization& own) {
  if (data.input_mean.empty()) return own;
  return {{data.input_mean.begin(), data.input_mean.end()},
          {data.input_std.begin(), data.input_std.end()}};
}

train::Calibration to_train(study::Calibration calibration) {
  switch (calibration) {
    case study::Calibration::max: return train::Calibration::maximum;
    case study::Calibration::percentile: return train::Calibration::percentile;
    case study::Calibration::mse: return train::Calibration::mse;
  }
  return train::Calibration::mse;
}

train::QuantizerMethod to_train(study::Method method) {
  switch (method) {
    case study::Method::lsq: return train::QuantizerMethod::lsq;
    case study::Method::pact: return train::QuantizerMethod::pact;
    case study::Method::dorefa: return train::QuantizerMethod::dorefa;
  }
  return train::QuantizerMethod::lsq;
}

train::HeldOutFrom to_train(study::HeldOutFrom from) {
  switch (from) {
    case study::HeldOutFrom::training: return train::HeldOutFrom::training;
    case study::HeldOutFrom::test: return train::HeldOutFrom::test;
  }
  return train::HeldOutFrom::training;
}

/// What a plan gets before the search measures it.
void set_preparation(const study::Study& study, train::AccuracyModelOptions& options) {
  using Method = study::AccuracyMethod;
  const Method method = study.accuracy.method;
  const bool trains = method == Method::finetuned || method == Method::trained;
  options.preparation = trains                         ? train::Preparation::finetuned
                        : method == Method::calibrated ? train::Preparation::calibrated
                                                       : train::Preparation::reestimated;
  const bool whole = method == Method::trained;
  options.finetune_images = whole || !trains ? 0 : study.accuracy.finetune_images;
  options.finetune = {.epochs = whole ? study.finish.epochs : study.accuracy.finetune_epochs,
                      .learning_rate = study.finish.learning_rate,
                      .batch_size = study.finish.batch_size,
                      .seed = study.search.seed};
}

/// Problems with what keys of the study name, placed at these keys.
template <class KeyOf>
Unexpected<Diagnostics> at_keys(Diagnostics problems, const study::LoadedStudy& loaded,
                                KeyOf key_of) {
  for (Diagnostic& problem : problems) {
    const std::string key = key_of(problem.place);
    const bool is_named = problem.place.empty() || key.ends_with("." + problem.place);
    const std::string place = loaded.origin.string() + ": " + key;
    problem.place = is_named ? place : place + ": " + problem.place;
  }
  return Unexpected{std::move(problems)};
}

/// What measures plans, and why its accuracies may be optimistic (empty when they are not).
struct Accuracies {
  std::unique_ptr<train::AccuracyModel> model;
  std::string caveat;
  std::unique_ptr<train::fault::FlipCampaigns> campaigns{};  ///< of a study that asks for them
};

/// What the images say of accuracies that are measured on them.
std::string search_caveat(const train::AccuracyModelOptions& options,
                          const std::map<std::string, std::string>& metadata,
                          const train::Dataset& data) {
  const std::int64_t held_out = options.search_images + options.confirmation_images;
  if (options.held_out_from == train::HeldOutFrom::test) {
    return fmt::format(
        "Plans were searched and confirmed on {} of the {} test images of {}; test accuracies are "
        "of the other {}.",
        held_out, data.test.count(), data.test.name, data.test.count() - held_out);
  }
  train::ImageSplit split = train::stratified_split(data.train, options.search_images,
                                                    options.confirmation_images, options.seed);
  std::vector<std::int64_t> measured = std::move(split.search);
  measured.insert(measured.end(), split.confirmation.begin(), split.confirmation.end());
  return train::held_out_caveat(metadata, data.train, measured);
}

/// On the images of the accuracies; null: the study does not minimise failures.
std::unique_ptr<train::fault::FlipCampaigns> make_campaigns(
    const study::Study& study, const train::AccuracyModelOptions& options,
    const train::Dataset& data) {
  if (!study::minimises_failures(study)) return nullptr;
  train::ImageParts parts =
      train::image_parts(data, options.search_images, options.confirmation_images, options.seed,
                         options.held_out_from);
  return std::make_unique<train::fault::ImageFlips>(std::move(parts.search), std::move(parts.test));
}

/// The one place where the search meets training.
Expected<Accuracies> make_accuracy_model(const study::LoadedStudy& loaded) {
  const study::Study& study = loaded.options;
  if (study::uses_proxy(study))
    return Accuracies{std::make_unique<study::CapacityProxy>(loaded), study::kProxyCaveat};
  Expected<train::Dataset> data =
      read_data({.name = study.data.name, .directory = study.data.directory});
  if (!data) {
    return at_keys(std::move(data).error(), loaded, [&](const std::string& place) {
      return std::string(place == study.data.name ? "data.name" : "data");
    });
  }
  const auto dataset = std::make_shared<const train::Dataset>(std::move(*data));
  const std::string file =
      loaded.weights_file.empty() ? loaded.network_file : loaded.weights_file.string();
  Expected<TrainedModel> model = load_model(
      {.file = file, .network = loaded.network_file, .normalization = ""}, dataset->train);
  if (!model) {
    return at_keys(std::move(model).error(), loaded, [&](const std::string&) {
      return std::string(loaded.weights_file.empty() ? "network" : "weights");
    });
  }

  train::AccuracyModelOptions options;
  options.held_out_from = to_train(study.accuracy.held_out_from);
  options.search_images = study.accuracy.search_images;
  options.confirmation_images = study.accuracy.confirm_images;
  options.seed = study.accuracy.split_seed;
  options.calibration.images = study.accuracy.calibration_images;
  options.calibration.activations = to_train(study.accuracy.calibration);
  options.calibration.weights = to_train(study.accuracy.calibration);
  options.calibration.auxiliary_bits = study.hardware.auxiliary_bits;
  options.method = to_train(study.finish.method);
  options.normalization = normalization_of(study.data, model->normalization);
  options.augmentation = {.pad = study.finish.crop_pad, .flip = study.finish.flip};
  options.weight_decay = study.finish.weight_decay;
  options.batch_norm = study.finish.batch_norm;
  options.distillation = study.finish.distillation;
  options.device = study.accuracy.device;
  options.cache_bytes = static_cast<std::size_t>(study.accuracy.cache_bytes);
  set_preparation(study, options);
  if (const std::optional<study::ChannelOptions>& channels = study.search.channels) {
    options.pruning = {.criterion = channels->criterion,
                       .refit = channels->refit,
                       .images = channels->images,
                       .seed = study.accuracy.split_seed};
  }
  auto accuracy =
      train::make_quantized_accuracy_model(model->network, model->weights, dataset, options);
  if (!accuracy) {
    return at_keys(std::move(accuracy).error(), loaded, [](const std::string& place) {
      if (place.starts_with("device ")) return std::string("accuracy.device");
      if (place.starts_with("layer '")) return std::string("search.channels.criterion");
      return place.ends_with("_images") ? "accuracy." + place : std::string("network");
    });
  }
  return Accuracies{std::move(*accuracy), search_caveat(options, model->metadata, *dataset),
                    make_campaigns(study, options, *dataset)};
}

std::string now_text() {
  return fmt::format(
      "{:%Y-%m-%dT%H:%M:%SZ}",
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

/// A folder and what asked for it: the place of a message.
struct OutputFolder {
  fs::path path;
  std::string place;
};

OutputFolder output_folder(const GlobalOptions& options, const study::LoadedStudy& loaded) {
  if (options.out) return {*options.out, "--out " + options.out->string()};
  const std::string& output = loaded.options.output;
  if (!output.empty()) return {output, loaded.origin.string() + ": output: " + output};
  const fs::path folder = fs::path("runs") / loaded.options.study;
  return {folder, folder.string()};
}

/// One machine's run, shown when it is over.
int run_one(const ComparisonRun& run, train::AccuracyModel& accuracy, study::RunStore& store,
            const GlobalOptions& options) {
  const study::LoadedStudy& loaded = run.studies.front();
  const Expected<study::RunRecord> record =
      study::begin_run(store, loaded, run.resume, run.started);
  if (!record) return report_wrong_input(record.error());
  study::CodesignSetting setting = run.setting;
  setting.export_plan = [&run](study::ExportFormat format, const train::FinishedPlan& plan,
                               const std::string& stem) {
    return export_plan(run.out, format, plan, stem);
  };
  const Expected<study::CodesignResult> result =
      study::run_codesign(loaded, *record, accuracy, store, setting);
  if (run.close_progress) run.close_progress();
  if (!result) return report_unmapped(result.error());
  show_result(*result, run.out, options);
  if (result->stopped) {
    fmt::print(stderr, "hwflow: stopped: {}; go on with --resume\n", result->missing);
    return kWorldFailed;
  }
  if (result->hardware_search && result->hardware_search->pairs.empty()) {
    fmt::print(
        stderr,
        "hwflow: no plan that is accurate enough runs on any design within the limits: raise "
        "hardware.search.targets or accuracy_loss_points, or let the space have other designs\n");
    return kNothingFeasible;
  }
  return kDone;
}

std::string machines_text(const std::vector<study::LoadedStudy>& studies) {
  std::string text;
  for (const study::LoadedStudy& study : studies) {
    text +=
        (text.empty() ? "" : ", ") + (study.label.empty() ? study.accelerator.name() : study.label);
  }
  return text;
}

}  // namespace

int run_study(const StudyArguments& arguments, const std::vector<std::string>& settings,
              const GlobalOptions& options, Diagnostics problems) {
  const InterruptWatch interrupts;
  const auto studies = load(arguments, settings);
  if (!studies) problems.insert(problems.end(), studies.error().begin(), studies.error().end());
  if (!problems.empty()) return report_wrong_input(problems);
  const study::LoadedStudy& loaded = studies->front();
  const auto [out, place] = output_folder(options, loaded);
  Expected<study::RunLock> lock = study::RunLock::take(out, place);
  if (!lock) return report_wrong_input(lock.error());
  const Expected<Accuracies> accuracies = make_accuracy_model(loaded);
  if (!accuracies) {
    lock->leave_no_trace();
    problems = accuracies.error();
    schema::place_at_settings(problems, settings, loaded.origin.string());
    return report_wrong_input(problems);
  }

  const auto store = study::RunStore::open(out / study::kStoreFile);
  if (!store) return report_wrong_input(store.error());
  print_notes(options, loaded.network_file, loaded.notes);
  const Log log(options.logs());
  log.write(fmt::format("study {}: {} on {}, {} threads, in {}", loaded.options.study,
                        loaded.options.network, machines_text(*studies), thread_count(options),
                        out.string()));
  ProgressLine line(options.quiet, log);
  ComparisonRun run{*studies, out, arguments.resume, now_text(), {}};
  run.setting.threads = thread_count(options);
  run.setting.machine = machine_text();
  run.setting.search_caveat = accuracies->caveat;
  run.setting.campaigns = accuracies->campaigns.get();
  run.setting.stop = interrupts.token();
  run.setting.progress = [&line](const study::Progress& progress) { line.show(progress); };
  run.close_progress = [&line] { line.close(); };
  return studies->size() == 1 ? run_one(run, *accuracies->model, **store, options)
                              : run_comparison(run, *accuracies->model, **store, options);
}

void add_study_options(CLI::App& command, StudyArguments& arguments) {
  command.add_option("study", arguments.study, "Study file (.yaml)")->required();
  command.add_flag("--resume", arguments.resume,
                   "Go on with the last run of the output folder, which was stopped or killed");
  command.add_option("--data-dir", arguments.data_directory,
                     "Folder of the data set; else below HWFLOW_DATA, else the system's");
}

std::vector<std::string> study_settings(const CLI::App& command, const GlobalOptions& options) {
  std::vector<std::string> settings = options.set;
  // Only a seed that was given replaces that of the study.
  if (command.count("--seed") > 0) settings.push_back(fmt::format("search.seed={}", options.seed));
  return settings;
}

void add_codesign_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "codesign", "Search plans (widths, channels) with the hardware model in the loop");
  add_global_options(*command, options);
  add_settings_option(*command, options);
  const auto arguments = std::make_shared<StudyArguments>();
  add_study_options(*command, *arguments);
  command->callback([arguments, command, &options, &exit_code] {
    exit_code = run_study(*arguments, study_settings(*command, options), options);
  });
}

}  // namespace hwflow::cli
