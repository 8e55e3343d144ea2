#include "cli/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>

#include "base/parallel.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

/// Refuses what is not a Number of a range from its first character to its last; NaN is in none.
template <class Number>
CLI::Validator is_within(Number least, Number most, const char* kind) {
  return {[least, most, kind](std::string& text) {
            Number value{};
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), value);
            const bool is_whole = error == std::errc() && end == text.data() + text.size();
            if (is_whole && value >= least && value <= most) return std::string{};
            return fmt::format("must be {} from {} to {}, got '{}'", kind, least, most, text);
          },
          "", kind};
}

/// What is in the way of making files in `folder`, or the folder itself; empty: nothing.
std::string folder_problem(const fs::path& folder) {
  std::error_code ignored;
  fs::path nearest = fs::absolute(folder, ignored).lexically_normal();
  if (fs::exists(nearest, ignored) && !fs::is_directory(nearest, ignored)) return "is not a folder";
  while (!fs::exists(nearest, ignored) && nearest.has_relative_path()) {
    nearest = nearest.parent_path();
  }
  if (!fs::is_directory(nearest, ignored)) {
    return fmt::format("cannot be made: '{}' is not a folder", nearest.string());
  }
  // Permissions do not tell all (read-only, full, and virtual file systems): something is made.
  std::string trial = (nearest / ".hwflow-XXXXXX").string();
  if (mkdtemp(trial.data()) != nullptr) {
    rmdir(trial.c_str());
    return {};
  }
  return fmt::format("cannot be written to: '{}': {}", nearest.string(),
                     std::generic_category().message(errno));
}

std::string json_problem(const fs::path& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) return "is a folder, not a file";
  if (fs::exists(file, ignored)) {
    if (access(file.c_str(), W_OK) == 0) return {};
    return "cannot be written: " + std::generic_category().message(errno);
  }
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::exists(folder, ignored)) {
    return fmt::format("cannot be made: there is no folder '{}'", folder.string());
  }
  const std::string problem = folder_problem(folder);
  return problem.empty() ? problem : fmt::format("'{}' {}", folder.string(), problem);
}

}  // namespace

void add_global_options(CLI::App& command, GlobalOptions& options, Refusal refusal) {
  const std::string group = "Every command";
  command.add_option("--seed", options.seed, "Seed of everything random")
      ->capture_default_str()
      ->check(is_integer(0, std::numeric_limits<std::uint64_t>::max()))
      ->group(group);
  command
      .add_option("--threads", options.threads,
                  "Threads to use, 0 = all cores; results do not depend on it")
      ->capture_default_str()
      ->check(is_integer(0, 1024))
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
  command.parse_complete_callback([&options, refusal] {
    for (Diagnostic& problem : check_outputs(options))
      options.problems.push_back(std::move(problem));
    if (refusal == Refusal::by_parser && !options.problems.empty())
      throw WrongOptions{options.problems};
  });
}

CLI::Validator is_integer(std::uint64_t least, std::uint64_t most) {
  return is_within(least, most, "an integer");
}

CLI::Validator is_number(double least, double most) { return is_within(least, most, "a number"); }

Diagnostics check_outputs(const GlobalOptions& options) {
  Diagnostics problems;
  const auto add = [&](const char* option, const fs::path& path, std::string reason) {
    if (reason.empty()) return;
    problems.push_back({fmt::format("{} {}", option, path.string()), std::move(reason),
                        "name a place that you may write to"});
  };
  if (options.json && options.json->empty()) {
    problems.push_back({"--json", "names no file", "- is standard output"});
  } else if (options.json && *options.json != "-") {
    add("--json", *options.json, json_problem(*options.json));
  }
  if (options.out && options.out->empty()) {
    problems.push_back({"--out", "names no folder", ". is the current one"});
  } else if (options.out) {
    add("--out", *options.out, folder_problem(*options.out));
  }
  return problems;
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

void append(Diagnostics& problems, const Diagnostics& more) {
  problems.insert(problems.end(), more.begin(), more.end());
}

int report_wrong_input(const Diagnostics& diagnostics) {
  fmt::print(stderr, "{}", to_text(diagnostics));
  fmt::print(stderr, "hwflow: {} problem{} in the input; nothing was done\n", diagnostics.size(),
             diagnostics.size() == 1 ? "" : "s");
  return kWrongInput;
}

void print_notes(const GlobalOptions& options, const std::string& file,
                 const std::vector<std::string>& notes) {
  constexpr std::size_t kMost = 10;  // --json has all of them
  if (options.quiet) return;
  for (std::size_t i = 0; i < std::min(notes.size(), kMost); ++i)
    fmt::print(stderr, "note: {}: {}\n", file, notes[i]);
  if (notes.size() > kMost)
    fmt::print(stderr, "note: {}: {} more like these\n", file, notes.size() - kMost);
}

void write_json(const GlobalOptions& options, const std::string& json) {
  if (!options.json) return;
  if (*options.json == "-") {
    fmt::print("{}\n", json);
    return;
  }
  write_file(*options.json, json + "\n");
}

void write_json_tree(const GlobalOptions& options, const nlohmann::ordered_json& json) {
  using Json = nlohmann::ordered_json;
  write_json(options, json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  errno = 0;
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  stream.flush();
  if (!stream) {
    throw std::system_error(errno, std::generic_category(),
                            fmt::format("cannot write '{}'", file.string()));
  }
}

}  // namespace hwflow::cli
