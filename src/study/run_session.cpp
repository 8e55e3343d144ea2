#include "study/run_session.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "base/build_signature.hpp"
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

/// What a run was begun with and this program lacks: no number of one code meets those of another.
Diagnostics compare_code(const RunStore& store, const RunRecord& last) {
  const std::string place = "run " + std::to_string(last.id) + " (version " + last.version + ")";
  Diagnostics problems;
  const auto compare = [&](const char* fact, std::string_view here) {
    const std::string there = store.find_fact(last.id, fact).value_or("not recorded");
    if (there == here) return;
    problems.push_back({place,
                        std::string("cannot be resumed by a program of other code: ") + fact + " " +
                            there + " there, " + std::string(here) + " here",
                        ""});
  };
  compare(kTrainingCodeFact, build_signature().training);
  compare(kHardwareCodeFact, build_signature().hardware);
  if (!problems.empty()) {
    problems.back().hint =
        "start anew without --resume or with another --out (numbers of the other code are not "
        "used), or resume with the program that began it";
  }
  return problems;
}

/// Goes on with a run that this program can go on with.
Expected<RunRecord> take_up(RunStore& store, const RunRecord& run) {
  Diagnostics problems = compare_code(store, run);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  store.update_run(run.id, "running", run.evaluations, "");
  return run;
}

}  // namespace

std::optional<RunRecord> newest_run(const RunStore& store, const std::string& config_hash) {
  const std::vector<RunRecord> runs = store.runs();
  const auto found = std::find_if(runs.rbegin(), runs.rend(), [&](const RunRecord& run) {
    return run.config_hash == config_hash;
  });
  return found == runs.rend() ? std::nullopt : std::optional(*found);
}

Expected<RunRecord> begin_run_of_several(RunStore& store, std::span<const LoadedStudy> studies,
                                         std::size_t which, bool resume,
                                         const std::string& started) {
  const LoadedStudy& study = studies[which];
  const std::optional<RunRecord> last =
      resume ? newest_run(store, study.config_hash) : std::nullopt;
  // The first machine's run is begun before all others: without it there is nothing to go on with.
  Expected<RunRecord> run =
      last ? take_up(store, *last) : begin_run(store, study, resume && which == 0, started);
  if (!run) return run;
  std::string hashes;
  for (const LoadedStudy& other : studies)
    hashes += (hashes.empty() ? "" : " ") + other.config_hash;
  store.save_fact(run->id, kComparedFact, hashes);
  return run;
}

ComparedRuns compared_runs(const RunStore& store, const RunRecord& run) {
  ComparedRuns runs;
  std::istringstream hashes(store.find_fact(run.id, kComparedFact).value_or(""));
  for (std::string hash; hashes >> hash;) {
    std::optional<RunRecord> found = newest_run(store, hash);
    if (found) runs.begun.push_back(std::move(*found));
    ++runs.studies;
  }
  return runs;
}

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
    return take_up(store, runs.back());
  }
  RunRecord run;
  run.study = study.options.study + (study.label.empty() ? "" : "/" + study.label);
  run.config_yaml = study.config_yaml;
  run.config_hash = study.config_hash;
  run.seed = static_cast<std::int64_t>(study.options.search.seed);
  run.version = std::string(version());
  run.started = started;
  run.state = "running";
  run.id = store.add_run(run);
  store.save_fact(run.id, kTrainingCodeFact, std::string(build_signature().training));
  store.save_fact(run.id, kHardwareCodeFact, std::string(build_signature().hardware));
  if (!study.origin.empty()) {
    store.save_fact(run.id, kOriginFact, std::filesystem::absolute(study.origin).string());
  }
  return run;
}

}  // namespace hwflow::study
