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
#include "base/enum_names.hpp"

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
/// All names of an enum, in the order of its table.
template <class Enum>
[[nodiscard]] std::vector<std::string> names_of() {
  std::vector<std::string> names;
  for (const auto& [name, value] : enum_names(Enum{})) names.emplace_back(name);
  return names;
}
/// Adds an option that takes the names of an enum: `enum_names(value)` by its own namespace.
template <class Enum>
CLI::Option* add_name_option(CLI::App& command, const std::string& option, Enum& value,
                             const std::string& meaning) {
  const auto choose = [&value](const std::string& wanted) { value = *enum_value<Enum>(wanted); };
  return command.add_option_function<std::string>(option, choose, meaning)
      ->check(CLI::IsMember(names_of<Enum>()))
      ->default_str(std::string(enum_name(value)));
}
/// The same for several; what `values` holds is the default.
template <class Enum>
CLI::Option* add_names_option(CLI::App& command, const std::string& option,
                              std::vector<Enum>& values, const std::string& meaning) {
  const auto choose = [&values](const std::vector<std::string>& wanted) {
    values.clear();
    for (const std::string& name : wanted) values.push_back(*enum_value<Enum>(name));
  };
  return command.add_option_function<std::vector<std::string>>(option, choose, meaning)
      ->check(CLI::IsMember(names_of<Enum>()))
      ->default_str(std::string(enum_name(values.front())));
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

/// Adds `more` to `problems`.
void append(Diagnostics& problems, const Diagnostics& more);

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
