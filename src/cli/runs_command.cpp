#include "cli/runs_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "study/run_lock.hpp"
#include "study/run_session.hpp"
#include "study/run_store.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Files of the run stores that the options speak of, sorted.
std::vector<fs::path> find_stores(const GlobalOptions& options) {
  std::vector<fs::path> stores;
  if (options.out) {
    if (fs::is_regular_file(*options.out / study::kStoreFile)) {
      stores.push_back(*options.out / study::kStoreFile);
    }
    return stores;
  }
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator("runs", absent)) {
    if (fs::is_regular_file(entry.path() / study::kStoreFile)) {
      stores.push_back(entry.path() / study::kStoreFile);
    }
  }
  std::sort(stores.begin(), stores.end());
  return stores;
}

/// The runs of one store. A run that its store calls running but that no process works on was
/// killed: "interrupted". Its plans, and those of a running one, are counted in the store.
std::vector<study::RunRecord> runs_of(const study::RunStore& store, const fs::path& folder) {
  std::vector<study::RunRecord> runs = store.runs();
  const bool busy = study::running_in(folder).has_value();
  for (study::RunRecord& run : runs) {
    if (run.state != "running") continue;
    // A process works on the last run of its folder only.
    if (!busy || run.id != runs.back().id) run.state = "interrupted";
    const std::optional<std::string> model = store.find_fact(run.id, study::kAccuracyModelFact);
    if (model) run.evaluations = store.count_accuracies(*model);
  }
  return runs;
}

Json to_json(const fs::path& folder, const study::RunRecord& run) {
  return {{"folder", folder.string()}, {"id", run.id},
          {"study", run.study},        {"started", run.started},
          {"state", run.state},        {"evaluations", run.evaluations},
          {"seed", run.seed},          {"config_hash", run.config_hash},
          {"version", run.version},    {"summary", run.summary}};
}

void print_runs(const Json& runs) {
  if (runs.empty()) {
    fmt::print("no runs\n");
    return;
  }
  fmt::print("{:<24} {:>3}  {:<20} {:<20} {:<11} {:>6}  {}\n", "folder", "id", "study", "started",
             "state", "plans", "summary");
  for (const Json& run : runs) {
    fmt::print("{:<24} {:>3}  {:<20} {:<20} {:<11} {:>6}  {}\n", run["folder"].get<std::string>(),
               run["id"].get<std::int64_t>(), run["study"].get<std::string>(),
               run["started"].get<std::string>(), run["state"].get<std::string>(),
               run["evaluations"].get<std::int64_t>(), run["summary"].get<std::string>());
  }
}

int list_runs(const GlobalOptions& options) {
  const std::vector<fs::path> stores = find_stores(options);
  if (options.out && stores.empty()) {
    return report_wrong_input(
        {{"--out " + options.out->string(), fmt::format("has no run store ({})", study::kStoreFile),
          "name the output folder of a run"}});
  }
  Json runs = Json::array();
  for (const fs::path& file : stores) {
    const auto store = study::RunStore::open(file);
    if (!store) return report_wrong_input(store.error());
    for (const study::RunRecord& run : runs_of(**store, file.parent_path())) {
      runs.push_back(to_json(file.parent_path(), run));
    }
  }
  write_json_tree(options, runs);
  if (options.json != "-" && !options.quiet) print_runs(runs);
  return kDone;
}

}  // namespace

void add_runs_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand("runs", "List co-design runs and their state");
  add_global_options(*command, options);
  command->callback([&options, &exit_code] { exit_code = list_runs(options); });
}

}  // namespace hwflow::cli
