#include "cli/report_command.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "base/build_signature.hpp"
#include "base/check.hpp"
#include "cli/codesign_output.hpp"
#include "cli/comparison_run.hpp"
#include "study/codesign.hpp"
#include "study/run_session.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

/// The accuracies of a store under the name of the model that measured them.
class StoredAccuracies final : public train::AccuracyModel {
 public:
  explicit StoredAccuracies(std::string key) : key_(std::move(key)) {}

  std::string key() const override { return key_; }
  std::optional<train::PlanAccuracy> evaluate(const CompressionPlan&, std::stop_token) override {
    refuse();
  }
  std::optional<train::AccuracyEstimate> confirm(const CompressionPlan&, std::stop_token) override {
    refuse();
  }
  train::AccuracyEstimate float_search_accuracy() override { refuse(); }
  train::AccuracyEstimate float_confirmation_accuracy() override { refuse(); }
  train::AccuracyEstimate float_test_accuracy() override { refuse(); }
  std::optional<train::FinishedPlan> finish(const CompressionPlan&, const train::FinetuneOptions&,
                                            const train::ReportFinish&, std::stop_token) override {
    refuse();
  }

 private:
  /// run_codesign() promised not to ask (setting.only_known).
  [[noreturn]] static void refuse() { throw InternalError("a report evaluates nothing"); }

  std::string key_;
};

/// What the store says of a run beside its record.
struct RunFacts {
  std::string study_file, accuracy_model, machine, search_caveat;
  int threads = 0;
};

Expected<RunFacts> facts_of(const study::RunStore& store, std::int64_t run,
                            const std::string& place) {
  const std::optional<std::string> file = store.find_fact(run, study::kOriginFact);
  const std::optional<std::string> model = store.find_fact(run, study::kAccuracyModelFact);
  if (!file || !model) {
    return Unexpected{Diagnostics{{place, "does not say its study file and accuracy model",
                                   "was it written by an older version, or ended at once? 'hwflow "
                                   "codesign --resume' completes it"}}};
  }
  RunFacts facts{*file, *model, store.find_fact(run, study::kMachineFact).value_or(""),
                 store.find_fact(run, study::kSearchCaveatFact).value_or(""), 0};
  facts.threads = std::atoi(store.find_fact(run, study::kThreadsFact).value_or("0").c_str());
  return facts;
}

/// Costs are computed anew from the mappings of the store: other code may give other ones.
void warn_of_other_code(const study::CodesignResult& result, const fs::path& folder) {
  const std::string_view here = build_signature().hardware;
  if (result.hardware_code == here) return;
  fmt::print(stderr,
             "hwflow: {}: the costs are those of this program (hardware code {}), the search was "
             "led by those of another ({}); where they differ, the front does not follow from the "
             "search\n",
             folder.string(), here,
             result.hardware_code.empty() ? "not recorded" : result.hardware_code);
}

/// Opens what is there; unlike RunStore::open, creates nothing.
Expected<std::unique_ptr<study::RunStore>> open_existing(const fs::path& folder) {
  const fs::path file = folder / study::kStoreFile;
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) return study::RunStore::open(file);
  return Unexpected{
      Diagnostics{{folder.string(), fmt::format("has no run store ({})", study::kStoreFile),
                   "name the output folder of a run"}}};
}

/// The comparison that a run of several machines belongs to, from what the store has.
int show_compared(study::RunStore& store, const study::ComparedRuns& runs, const fs::path& folder,
                  const GlobalOptions& options) {
  const Expected<RunFacts> facts = facts_of(store, runs.begun.front().id, folder.string());
  if (!facts) return report_wrong_input(facts.error());
  std::vector<study::LoadedStudy> studies;
  for (const study::RunRecord& run : runs.begun) {
    auto loaded = study::parse_study(run.config_yaml, facts->study_file, {}, study_folders({}));
    if (!loaded) return report_wrong_input(loaded.error());
    studies.push_back(std::move(*loaded));
  }
  StoredAccuracies accuracies(facts->accuracy_model);
  ComparisonRun run{studies, options.out.value_or(folder), true, {}, {}};
  run.setting.only_known = true;
  run.setting.threads = facts->threads;
  run.setting.machine = facts->machine;
  run.setting.search_caveat = facts->search_caveat;
  run.records = runs.begun;
  run.exported_in = folder;
  run.on_result = [&folder](const study::ComparedAccelerator& machine) {
    warn_of_other_code(machine.result, folder / machine.label);
  };
  const int exit_code = run_comparison(run, accuracies, store, options);
  if (runs.begun.size() < runs.studies) {
    fmt::print(stderr, "hwflow: {} of {} machines were not begun; go on with --resume\n",
               runs.studies - runs.begun.size(), runs.studies);
  }
  return exit_code == kWorldFailed ? kDone : exit_code;  // what is missing was told
}

int show_run(study::RunStore& store, const fs::path& folder, const GlobalOptions& options) {
  const std::vector<study::RunRecord> runs = store.runs();
  if (runs.empty()) {
    return report_wrong_input({{folder.string(), "has a run store without any run", ""}});
  }
  const study::RunRecord& run = runs.back();
  const study::ComparedRuns compared = study::compared_runs(store, run);
  if (!compared.begun.empty()) return show_compared(store, compared, folder, options);
  const Expected<RunFacts> facts = facts_of(store, run.id, folder.string());
  if (!facts) return report_wrong_input(facts.error());
  const Expected<study::LoadedStudy> loaded =
      study::parse_study(run.config_yaml, facts->study_file, {}, study_folders({}));
  if (!loaded) return report_wrong_input(loaded.error());

  StoredAccuracies accuracies(facts->accuracy_model);
  study::CodesignSetting setting;
  setting.only_known = true;
  setting.threads = facts->threads;
  setting.machine = facts->machine;
  setting.search_caveat = facts->search_caveat;
  setting.export_plan = [&folder](study::ExportFormat format, const train::FinishedPlan&,
                                  const std::string& stem) {
    const std::string name = plan_file(format, stem);
    return fs::exists(folder / name) ? name : std::string{};
  };
  const Expected<study::CodesignResult> result =
      study::run_codesign(*loaded, run, accuracies, store, setting);
  if (!result) return report_unmapped(result.error());
  if (result->evaluated.empty()) {
    return report_wrong_input({{folder.string(), "there is nothing to show yet: " + result->missing,
                                "go on with 'hwflow codesign --resume'"}});
  }
  // A finished run has a report already; this program may not know how its plans were picked.
  if (result->stopped && run.state == "done") {
    return report_wrong_input(
        {{folder.string(),
          "the run is done, but this program would measure more: " + result->missing,
          "its report is left as it is; use the version that made it"}});
  }
  warn_of_other_code(*result, folder);
  show_result(*result, options.out.value_or(folder), options);
  if (result->stopped) {
    fmt::print(stderr,
               "hwflow: the run is not complete: {}; go on with 'hwflow codesign --resume'\n",
               result->missing);
  }
  return kDone;
}

}  // namespace

void add_report_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("report", "Write the report of a co-design run again, from its store");
  add_global_options(*command, options);
  const auto folder = std::make_shared<fs::path>();
  command->add_option("run", *folder, "Output folder of 'hwflow codesign'")->required();
  command->callback([folder, &options, &exit_code] {
    const auto store = open_existing(*folder);
    exit_code = store ? show_run(**store, *folder, options) : report_wrong_input(store.error());
  });
}

}  // namespace hwflow::cli
