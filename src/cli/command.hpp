#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"

namespace hwflow::cli {

enum ExitCode : int { kDone = 0, kWorldFailed = 1, kWrongInput = 2, kNothingFeasible = 3 };

/// Options that every subcommand has.
struct GlobalOptions {
  std::vector<std::string> set;  ///< --set key=value
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores
  std::optional<std::filesystem::path> out;
  std::optional<std::string> json;  ///< file, "-" = standard output
  bool quiet = false;
  bool verbose = false;  ///< log lines instead of a progress line; quiet wins
  Diagnostics problems;  ///< that the parser found in the command line
  [[nodiscard]] bool logs() const { return verbose && !quiet; }
};

/// Adds a subcommand to `app`; the callback that runs it stores its exit code in `exit_code`.
/// One file per subcommand; the registry is the table in cli/commands.cpp.
using AddCommand = void (*)(CLI::App& app, GlobalOptions& options, int& exit_code);

/// Who refuses a command line with problems: the parser, or the command, which lists `problems`
/// beside what it finds itself.
enum class Refusal : std::uint8_t { by_parser, by_command };
/// Adds --seed, --threads, --out, --json, --quiet, --verbose to a subcommand.
void add_global_options(CLI::App& command, GlobalOptions& options,
                        Refusal refusal = Refusal::by_parser);
/// Takes the integers of a range: no fraction, no exponent.
[[nodiscard]] CLI::Validator is_integer(std::uint64_t least, std::uint64_t most);
/// Refuses what is not a number of a range, NaN included.
[[nodiscard]] CLI::Validator is_number(double least, double most);
/// Adds an option that takes the names of an enum: `enum_names(value)` by its own namespace.
template <class Enum>
CLI::Option* add_name_option(CLI::App& command, const std::string& option, Enum& value,
                             const std::string& meaning) {
  std::vector<std::string> names;
  std::string chosen;
  for (const auto& [name, each] : enum_names(value)) {
    names.emplace_back(name);
    if (each == value) chosen = name;
  }
  const auto choose = [&value](const std::string& wanted) {
    for (const auto& [name, each] : enum_names(value))
      if (name == wanted) value = each;
  };
  return command.add_option_function<std::string>(option, choose, meaning)
      ->check(CLI::IsMember(names))
      ->default_str(chosen);
}
/// Adds --set to a subcommand that reads a file whose keys it can override.
void add_settings_option(CLI::App& command, GlobalOptions& options);

/// --threads, with 0 resolved to the cores of this process.
int thread_count(const GlobalOptions& options);

/// What stands in the way of writing to --json and --out, found before the work is done. Creates
/// nothing.
[[nodiscard]] Diagnostics check_outputs(const GlobalOptions& options);

/// Thrown where a callback of the command line finds its options wrong; run() reports them.
struct WrongOptions {
  Diagnostics problems;
};

/// Prints the problems on standard error; returns kWrongInput.
int report_wrong_input(const Diagnostics& diagnostics);
/// As above where something is wrong; where the input is right but no mapping exists, says that
/// and returns kNothingFeasible.
int report_unmapped(const Diagnostics& diagnostics);

/// What a reader simplified, on standard error; nothing with --quiet.
void print_notes(const GlobalOptions& options, const std::string& file,
                 const std::vector<std::string>& notes);

/// Writes to the file of --json or standard output; nothing without --json.
void write_json(const GlobalOptions& options, const std::string& json);
/// As text; names that are no UTF-8 (file names, names in ONNX files) are made so.
void write_json_tree(const GlobalOptions& options, const nlohmann::ordered_json& json);

/// Throws std::system_error when the file cannot be written.
void write_file(const std::filesystem::path& file, const std::string& bytes);

}  // namespace hwflow::cli
