#include "study/run_session.hpp"

#include <filesystem>

#include "base/version.hpp"

namespace hwflow::study {
namespace {

constexpr std::size_t kMostDifferencesShown = 8;

Diagnostics refuse(const RunRecord& last, const LoadedStudy& study) {
  const std::string place = "run " + std::to_string(last.id) + " (config " + last.config_hash + ")";
  Diagnostics problems;
  for (const std::string& difference : differing_keys(last.config_yaml, study.config_yaml)) {
    if (problems.size() == kMostDifferencesShown) break;
    problems.push_back({place, "cannot be resumed with another config: " + difference, ""});
  }
  if (problems.empty()) {
    problems.push_back({place, "cannot be resumed with config " + study.config_hash, ""});
  }
  problems.back().hint = "start anew without --resume: what was evaluated is found again";
  return problems;
}

}  // namespace

Expected<RunRecord> begin_run(RunStore& store, const LoadedStudy& study, bool resume,
                              const std::string& started) {
  if (resume) {
    const std::vector<RunRecord> runs = store.runs();
    if (runs.empty()) {
      return Unexpected{Diagnostics{
          {"--resume", "there is no run in this folder", "start one without --resume"}}};
    }
    if (runs.back().config_hash != study.config_hash) {
      return Unexpected{refuse(runs.back(), study)};
    }
    store.update_run(runs.back().id, "running", runs.back().evaluations, "");
    return runs.back();
  }
  RunRecord run;
  run.study = study.options.study;
  run.config_yaml = study.config_yaml;
  run.config_hash = study.config_hash;
  run.seed = static_cast<std::int64_t>(study.options.search.seed);
  run.version = std::string(version());
  run.started = started;
  run.state = "running";
  run.id = store.add_run(run);
  if (!study.origin.empty()) {
    store.save_fact(run.id, kOriginFact, std::filesystem::absolute(study.origin).string());
  }
  return run;
}

}  // namespace hwflow::study
