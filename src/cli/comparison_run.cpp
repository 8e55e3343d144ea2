#include "cli/comparison_run.hpp"

#include <fmt/format.h>

#include "cli/codesign_output.hpp"
#include "report/comparison.hpp"
#include "report/write_report.hpp"
#include "study/run_session.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

study::CodesignSetting setting_of(const ComparisonRun& run, const study::LoadedStudy& study) {
  study::CodesignSetting setting = run.setting;
  setting.progress = labelled(run.setting.progress, study.label);
  if (run.setting.only_known) {
    setting.export_plan = [folder = run.exported_in / study.label](study::ExportFormat format,
                                                                   const train::FinishedPlan&,
                                                                   const std::string& stem) {
      const std::string name = plan_file(format, stem);
      return fs::exists(folder / name) ? name : std::string{};
    };
    return setting;
  }
  setting.export_plan = [folder = run.out / study.label](study::ExportFormat format,
                                                         const train::FinishedPlan& plan,
                                                         const std::string& stem) {
    fs::create_directories(folder);
    return export_plan(folder, format, plan, stem);
  };
  return setting;
}

}  // namespace

study::ReportProgress labelled(const study::ReportProgress& progress, const std::string& label) {
  if (!progress) return {};
  return [progress, label](const study::Progress& of_machine) {
    study::Progress shown = of_machine;
    shown.note = label + (of_machine.note.empty() ? "" : ": ") + of_machine.note;
    progress(shown);
  };
}

int run_comparison(const ComparisonRun& run, train::AccuracyModel& accuracy, study::RunStore& store,
                   const GlobalOptions& options) {
  study::ComparisonSetting setting;
  setting.stop = run.setting.stop;
  setting.begin = [&](const study::LoadedStudy& study) -> Expected<study::RunRecord> {
    const auto which = static_cast<std::size_t>(&study - run.studies.data());
    if (!run.records.empty()) return run.records[which];
    return study::begin_run_of_several(store, run.studies, which, run.resume, run.started);
  };
  setting.setting_of = [&](const study::LoadedStudy& study) { return setting_of(run, study); };
  setting.on_result = [&](const study::ComparedAccelerator& machine) {
    if (!machine.result.evaluated.empty()) {
      report::write_report(machine.result, run.out / machine.label);
    }
    if (run.on_result) run.on_result(machine);
  };
  const Expected<study::ComparisonResult> comparison =
      study::run_comparison(run.studies, accuracy, store, setting);
  if (run.close_progress) run.close_progress();
  if (!comparison) return report_unmapped(comparison.error());
  if (run.setting.only_known && comparison->accelerators.front().result.evaluated.empty()) {
    return report_wrong_input(
        {{run.exported_in.string(), "there is nothing to show yet: " + comparison->missing,
          "go on with --resume"}});
  }
  show_comparison(*comparison, run.out, options);
  if (!comparison->stopped) return kDone;
  fmt::print(stderr, "hwflow: stopped: {}; go on with --resume\n", comparison->missing);
  return kWorldFailed;
}

void show_comparison(const study::ComparisonResult& comparison, const fs::path& folder,
                     const GlobalOptions& options) {
  report::write_comparison(comparison, folder);
  write_json(options, report::comparison_json(comparison));
  if (options.json != "-" && !options.quiet) {
    fmt::print("{}\nreport: {}\n", report::comparison_text(comparison),
               (folder / "index.html").string());
  }
}

}  // namespace hwflow::cli
