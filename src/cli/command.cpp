#include "cli/command.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "base/parallel.hpp"

namespace hwflow::cli {

void add_global_options(CLI::App& command, GlobalOptions& options) {
  const std::string group = "Every command";
  command.add_option("--seed", options.seed, "Seed of everything random")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--threads", options.threads,
                  "Threads to use, 0 = all cores; results do not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024))
      ->group(group);
  command.add_option("--out", options.out, "Folder for everything that is written")->group(group);
  command
      .add_option("--json", options.json, "Write the result as JSON to a file, - = standard output")
      ->group(group);
  command.add_flag("--quiet", options.quiet, "No progress and no tables")->group(group);
  command
      .add_flag("--verbose", options.verbose,
                "Progress as lines with date and time, for a log, on standard error")
      ->group(group);
}

void add_settings_option(CLI::App& command, GlobalOptions& options) {
  command.add_option("--set", options.set, "Override a key of the study file: key.path=value")
      ->group("Study");
}

int thread_count(const GlobalOptions& options) {
  return options.threads > 0 ? options.threads : available_threads();
}

int report_unmapped(const Diagnostics& diagnostics) {
  if (!are_infeasible(diagnostics)) return report_wrong_input(diagnostics);
  fmt::print(stderr, "{}hwflow: nothing feasible\n", to_text(diagnostics));
  return kNothingFeasible;
}

int report_wrong_input(const Diagnostics& diagnostics) {
  fmt::print(stderr, "{}", to_text(diagnostics));
  fmt::print(stderr, "hwflow: {} problem{} in the input; nothing was done\n", diagnostics.size(),
             diagnostics.size() == 1 ? "" : "s");
  return kWrongInput;
}

void write_json(const GlobalOptions& options, const std::string& json) {
  if (!options.json) return;
  if (*options.json == "-") {
    fmt::print("{}\n", json);
    return;
  }
  write_file(*options.json, json + "\n");
}

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  stream.flush();
  if (!stream) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot write '{}'", file.string()));
  }
}

}  // namespace hwflow::cli
