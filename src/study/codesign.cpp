#include "study/codesign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>

#include "base/build_signature.hpp"
#include "base/check.hpp"
#include "chip/mapper/mapper.hpp"
#include "study/accuracy_proxy.hpp"
#include "study/budget_winners.hpp"
#include "study/confirmation.hpp"
#include "study/finish.hpp"
#include "study/hardware_spaces.hpp"
#include "study/joint_search.hpp"
#include "study/layer_details.hpp"
#include "study/picks.hpp"
#include "study/plan_space.hpp"
#include "study/resilience.hpp"
#include "study/run_session.hpp"
#include "study/schedules.hpp"
#include "study/search.hpp"
#include "study/summaries.hpp"

namespace hwflow::study {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One run; the steps are those of run_codesign().
class Run {
 public:
  Run(const LoadedStudy& study, train::AccuracyModel& accuracy, RunStore& store,
      const CodesignSetting& setting)
      : study_(study),
        accuracy_(accuracy),
        store_(store),
        setting_(setting),
        cache_(
            [this](const std::string& key) {
              std::optional<std::string> known = store_.find_mapping(mapping_key(key));
              mappings_loaded_ += known ? 1 : 0;
              return known;
            },
            [this](const std::string& key, const std::string& text) {
              ++mappings_searched_;
              // A report may be of a run of other code: what is mapped for it is not that code's.
              if (result_.hardware_code == build_signature().hardware) {
                store_.save_mapping(mapping_key(key), text);
              }
            }),
        hardware_(study.options.hardware.search ? nullptr : make_hardware_model(study, cache_)),
        flip_setting_(search_setting()),
        flip_runs_(accuracy, setting.campaigns, store, flip_setting_) {
    if (hardware_) return;
    auto designed = make_designed_model(study, cache_);
    designed_ = designed.get();
    hardware_ = std::move(designed);
  }

  Expected<CodesignResult> run(const RunRecord& record) && {
    run_id_ = record.id;
    describe(record);
    if (!predict_failures()) {
      stop_for("failures of the uniform plans are not measured yet");
      close();
      return std::move(result_);
    }
    Diagnostics problems = search();
    if (problems.empty()) problems = find_winners_by_search();
    if (!problems.empty()) {
      if (!setting_.only_known) {
        store_.update_run(run_id_, "stopped", 0, "a layer cannot be mapped");
      }
      return Unexpected{std::move(problems)};
    }
    if (!result_.stopped) finish();
    if (!result_.stopped) check_failures();
    close();
    return std::move(result_);
  }

 private:
  /// A mapping and its certificate hold for the code that found them.
  [[nodiscard]] std::string mapping_key(const std::string& key) const {
    return result_.hardware_code + "|" + key;
  }

  void describe(const RunRecord& record) {
    result_.run_id = std::to_string(record.id);
    result_.started = record.started;
    result_.version = record.version;
    result_.training_code = store_.find_fact(run_id_, kTrainingCodeFact).value_or("");
    result_.hardware_code = store_.find_fact(run_id_, kHardwareCodeFact).value_or("");
    result_.seed = study_.options.search.seed;
    result_.threads = setting_.threads;
    result_.machine = setting_.machine;
    result_.search_caveat = setting_.search_caveat;
    result_.ranked_by_proxy = uses_proxy(study_.options);
    result_.study_name = study_.options.study;
    result_.config_yaml = study_.config_yaml;
    result_.config_hash = study_.config_hash;
    result_.schedule = std::string(name(study_.options.schedule));
    result_.network = summarise(study_.network, study_.options.network);
    result_.accelerator = summarise(study_.accelerator);
    result_.data = uses_proxy(study_.options) ? "no data" : study_.options.data.name;
    result_.accuracy_method = accuracy_.key();
    result_.objectives = study_.options.search.objectives;
    result_.algorithm = std::string(name(study_.options.search.algorithm));
    result_.tolerance = study_.options.finish.tolerance_points / 100.0;
    result_.finetune_epochs = uses_proxy(study_.options) ? 0 : study_.options.finish.epochs;
    result_.energy_components = hardware_->energy_components();
    if (setting_.only_known) return;
    store_.save_fact(run_id_, kAccuracyModelFact, accuracy_.key());
    store_.save_fact(run_id_, kMachineFact, setting_.machine);
    store_.save_fact(run_id_, kSearchCaveatFact, setting_.search_caveat);
    store_.save_fact(run_id_, kThreadsFact, std::to_string(setting_.threads));
  }

  /// Adds to the time that earlier processes of the run spent in that phase.
  void add_phase(const std::string& phase, double seconds) {
    const std::string fact = kSecondsFact + phase;
    const std::optional<std::string> before = store_.find_fact(run_id_, fact);
    const double earlier = before ? std::strtod(before->c_str(), nullptr) : 0.0;
    const double total = setting_.only_known ? earlier : earlier + seconds;
    result_.phases.push_back({phase, total});
    if (!setting_.only_known) store_.save_fact(run_id_, fact, fmt::format("{:.3f}", total));
  }

  [[nodiscard]] SearchSetting search_setting() const {
    SearchSetting setting;
    setting.threads = setting_.threads;
    setting.progress = setting_.progress;
    setting.stop = setting_.stop;
    setting.only_known = setting_.only_known;
    setting.run = run_id_;
    return setting;
  }

  void stop_for(std::string missing) {
    result_.stopped = true;
    result_.missing = std::move(missing);
  }

  /// Campaigns that the search predicts by, of a study that asks for them. False: stopped.
  [[nodiscard]] bool predict_failures() {
    if (!minimises_failures(study_.options)) return true;
    const Clock::time_point start = Clock::now();
    resilience_.emplace(study_.options, study_.network, flip_runs_);
    const bool is_done = resilience_->calibrate();
    add_phase("flips", seconds_since(start));
    if (!is_done) return false;
    hardware_->predict_failures(resilience_->predictor());
    result_.resilience = resilience_->summary();
    return true;
  }

  void check_failures() {
    if (!resilience_) return;
    const Clock::time_point start = Clock::now();
    if (!resilience_->check_predictor(result_, *hardware_))
      stop_for("predicted failures are not checked yet");
    add_phase("checks", seconds_since(start));
  }

  /// A float accuracy is measured once per store.
  template <class Measure>
  train::AccuracyEstimate cached(const std::string& name, Measure measure) {
    return find_or_measure(store_, accuracy_.key(), name, !setting_.only_known, measure)
        .value_or(train::AccuracyEstimate{});
  }

  Diagnostics search() {
    const Clock::time_point start = Clock::now();
    result_.float_search = cached(std::string(kFloatOnSearchSplit),
                                  [this] { return accuracy_.float_search_accuracy(); });
    const SearchSetting setting = search_setting();
    Expected<SearchResult> found =
        designed_ != nullptr
            ? search_jointly(study_.options, *designed_, accuracy_, store_, setting)
            : search_plans(study_.options, level_models(), accuracy_, store_, setting);
    if (!found) return std::move(found).error();
    result_.normalisers = std::move(found->normalisers);
    result_.hypervolume_reference = std::move(found->hypervolume_reference);
    result_.evaluated = std::move(found->evaluated);
    result_.front = std::move(found->front);
    result_.baselines = std::move(found->baselines);
    result_.generations = std::move(found->generations);
    result_.levels = std::move(found->levels);
    result_.accuracy_evaluations = found->accuracy_evaluations;
    result_.accuracy_cache_hits = found->accuracy_cache_hits;
    result_.stopped = found->stopped;
    if (found->hardware_search) {
      result_.objectives = std::move(found->objectives);
      describe_designs(*found->hardware_search, result_);
      result_.hardware_search = std::move(found->hardware_search);
    }
    result_.mappings_searched = mappings_searched_;
    result_.mappings_reused = mappings_loaded_ + hardware_->layers_reused();
    add_phase("mapping", found->mapping_seconds);
    add_phase("search", seconds_since(start) - found->mapping_seconds - found->comparing_seconds);
    if (result_.levels.size() > 1 && study_.options.search.compare_levels) {
      add_phase("comparing", found->comparing_seconds);
    }
    if (result_.stopped) result_.missing = missing_of_search();
    return {};
  }

  /// Of a study with budgets, whatever was measured before a stop.
  Diagnostics find_winners_by_search() {
    const SearchOptions& search = study_.options.search;
    if (search.budgets.empty() || result_.evaluated.empty()) return {};
    const WidthPair& pair = study_.options.finish.reference;
    const CompressionPlan reference = PlanSpace(search, study_.network).uniform(pair);
    Diagnostics problems = hardware_->prepare(std::array{reference}, setting_.threads, {});
    if (!problems.empty()) return problems;
    result_.budget_reference = {fmt::format("uniform {}/{}", pair.weights, pair.inputs),
                                hardware_->cost(reference)};
    result_.budget_winners = budget_rows(search.budgets, result_.budget_reference->hardware);
    static_cast<void>(find_winners(result_.budget_winners, result_.evaluated, {}));
    return {};
  }

  /// False: stopped. Without picks nothing is confirmed for them.
  [[nodiscard]] bool confirm_winners(const ConfirmPlans& confirm) {
    if (study_.options.finish.picks == 0 || result_.budget_winners.empty()) return true;
    result_.winners_confirmed = find_winners(result_.budget_winners, result_.evaluated, confirm);
    return result_.winners_confirmed;
  }

  [[nodiscard]] LevelModels level_models() {
    LevelModels models(*hardware_);
    for (const LevelOptions& level : study_.options.search.levels) {
      if (level.model == Abstraction::fine || bounds_.contains(level.model)) continue;
      const auto [bounds, is_new] =
          bounds_.emplace(level.model, make_bounds_model(study_, level.model));
      if (resilience_) bounds->second->predict_failures(resilience_->predictor());
    }
    const auto find = [this](Abstraction model) {
      const auto place = bounds_.find(model);
      return place == bounds_.end() ? nullptr : place->second.get();
    };
    models.coarse = find(Abstraction::coarse);
    models.mid = find(Abstraction::mid);
    return models;
  }

  [[nodiscard]] std::string missing_of_search() const {
    if (result_.levels.empty()) return "the search ended before its seeds were evaluated";
    const SearchOptions& search = study_.options.search;
    const int last = result_.levels.back().generations.back().generation;
    if (search.levels.empty() && search.algorithm == Algorithm::nsga2 && !search.evaluations) {
      return fmt::format("the search ended after generation {} of {}", last, search.generations);
    }
    std::string text = fmt::format("the search ended after generation {}", last);
    if (!search.levels.empty()) {
      text += fmt::format(", at level {} of {} ({})", result_.levels.size(), search.levels.size(),
                          name(result_.levels.back().model));
    }
    return text;
  }

  [[nodiscard]] std::string missing_of_finish() const {
    std::string labels;
    std::size_t count = 0;
    for (const PlanDetails& plan : result_.plans) {
      if (plan.test_integer) continue;
      labels += (count++ == 0 ? "" : ", ") + plan.label;
    }
    return fmt::format("{} of {} plans are not re-trained yet: {}", count, result_.plans.size(),
                       labels);
  }

  [[nodiscard]] std::size_t place_of(const WidthPair& widths) const {
    const PlanSpace space(study_.options.search, study_.network);
    const CompressionPlan plan = space.uniform(widths);
    for (std::size_t i = 0; i < result_.evaluated.size(); ++i) {
      if (result_.evaluated[i].plan == plan) return i;
    }
    HWFLOW_CHECK(false, "a baseline was not evaluated");
    return 0;
  }

  [[nodiscard]] bool confirms() const {
    return study_.options.accuracy.confirm_images > 0 && !uses_proxy(study_.options);
  }

  std::optional<std::vector<Pick>> pick(const std::vector<std::size_t>& baselines) {
    const SearchSetting setting = search_setting();
    Confirmation confirmation(accuracy_, store_, setting);
    PickInput input{.evaluated = result_.evaluated,
                    .front = result_.front,
                    .objectives = result_.objectives,
                    .finish_baselines = baselines,
                    .float_search = result_.float_search,
                    .float_confirmation = {},
                    .confirm = {}};
    input.by_proxy = uses_proxy(study_.options);
    if (result_.hardware_search) input.may_pick = plans_of_pairs(*result_.hardware_search);
    if (confirms()) {
      input.float_confirmation = result_.float_confirmation = confirmation.float_accuracy();
      if (!input.float_confirmation) return std::nullopt;
      input.confirm = [&](std::span<const std::size_t> plans) {
        return confirmation.confirm(result_.evaluated, plans);
      };
      if (!confirm_winners(input.confirm)) return std::nullopt;
    }
    input.winners = result_.budget_winners;
    return choose_picks(input, study_.options.finish);
  }

  void finish() {
    std::vector<std::size_t> baselines;
    for (const WidthPair& widths : study_.options.finish.baselines) {
      baselines.push_back(place_of(widths));
    }
    const Clock::time_point start = Clock::now();
    const std::optional<std::vector<Pick>> picks = pick(baselines);
    if (confirms()) add_phase("confirm", seconds_since(start));
    if (!picks) {
      result_.stopped = true;
      result_.missing = "the plans to pick from are not confirmed yet";
      return;
    }
    for (const Pick& pick : *picks) {
      PlanDetails details;
      details.label = pick.label;
      details.reason = pick.reason;
      details.baseline = pick.baseline;
      details.evaluated = pick.evaluated;
      const CompressionPlan& plan = result_.evaluated[pick.evaluated].plan;
      details.size = hardware_->size_of(plan);
      PlanSchedule schedule = hardware_->schedule(plan);
      details.layers = std::move(schedule.layers);
      details.groups = std::move(schedule.groups);
      result_.plans.push_back(std::move(details));
    }
    if (!uses_proxy(study_.options)) retrain_and_measure();
  }

  void retrain_and_measure() {
    Clock::time_point start = Clock::now();
    const std::vector<train::FinishedPlan> finished =
        finish_plans(result_, study_.options.finish, study_.options.search.seed, accuracy_, store_,
                     search_setting());
    add_phase("finish", seconds_since(start));
    if (finished.empty()) {
      result_.stopped = !result_.plans.empty();
      if (result_.stopped) result_.missing = missing_of_finish();
      return;
    }
    result_.float_test =
        cached("float, test set", [this] { return accuracy_.float_test_accuracy(); });
    if (result_.float_test->total == 0) {  // only_known, and not known
      result_.float_test.reset();
      result_.stopped = true;
      result_.missing = "the float network was not measured on the test set yet";
    }
    compare_plans(result_, finished, study_.options.finish);
    start = Clock::now();
    export_plans(finished);
    add_phase("export", seconds_since(start));
    if (!resilience_ || result_.stopped) return;
    start = Clock::now();
    if (!resilience_->measure_finished(result_, finished, *hardware_))
      stop_for("failures of the re-trained plans are not measured yet");
    add_phase("failures", seconds_since(start));
  }

  void export_plans(const std::vector<train::FinishedPlan>& finished) {
    if (!setting_.export_plan) return;
    for (std::size_t i = 0; i < finished.size(); ++i) {
      const std::string stem = file_stem(result_.plans[i].label);
      if (setting_.progress) {
        setting_.progress({"export", static_cast<std::int64_t>(i),
                           static_cast<std::int64_t>(finished.size()), stem});
      }
      for (const ExportFormat format : study_.options.formats) {
        std::string file = setting_.export_plan(format, finished[i], stem);
        if (!file.empty()) result_.plans[i].files.push_back(std::move(file));
      }
    }
  }

  void close() {
    if (setting_.only_known) return;
    const std::int64_t evaluations = result_.accuracy_evaluations;
    std::string summary =
        fmt::format("{} plans, {} on the front", evaluations, result_.front.size());
    if (result_.headline && !result_.energy_components.empty()) {
      summary += fmt::format(", {:.1f} % less energy than {}", 100.0 * result_.headline->energy,
                             result_.plans[result_.headline->baseline].label);
    }
    store_.update_run(run_id_, result_.stopped ? "stopped" : "done", evaluations, summary);
  }

  const LoadedStudy& study_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  const CodesignSetting& setting_;
  chip::MappingCache cache_;
  std::unique_ptr<HardwareModel> hardware_;
  DesignedModel* designed_ = nullptr;  // hardware_, where designs are searched
  std::map<Abstraction, std::unique_ptr<HardwareModel>> bounds_;
  std::int64_t run_id_ = 0;
  std::int64_t mappings_loaded_ = 0, mappings_searched_ = 0;  // guarded by the cache's own mutex
  CodesignResult result_;
  SearchSetting flip_setting_;
  FlipRuns flip_runs_;
  std::optional<Resilience> resilience_;  // none: failures are not predicted
};

}  // namespace

Expected<CodesignResult> run_codesign(const LoadedStudy& study, const RunRecord& run,
                                      train::AccuracyModel& accuracy, RunStore& store,
                                      const CodesignSetting& setting) {
  return Run(study, accuracy, store, setting).run(run);
}

}  // namespace hwflow::study
