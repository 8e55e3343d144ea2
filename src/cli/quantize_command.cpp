#include "cli/quantize_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "cli/codesign_command.hpp"
#include "cli/study_parts.hpp"

namespace hwflow::cli {
namespace {

constexpr std::array kOtherSearches{
    OtherSearch{"hardware", "search", "quantize chooses widths on machines that are given",
                "leave the key out, or 'hwflow codesign' to search for hardware as well"},
    OtherSearch{"search", "channels", "quantize chooses widths alone",
                "leave the key out, or 'hwflow codesign' to search for channels as well"}};

struct QuantizeArguments {
  StudyArguments study;
  std::string algorithm, levels;
};

int quantize(const QuantizeArguments& arguments, std::vector<std::string> settings,
             const GlobalOptions& options) {
  Diagnostics problems = refuse_other_searches(arguments.study.study, settings, kOtherSearches);
  if (!arguments.algorithm.empty()) {
    settings.push_back("search.algorithm=" + arguments.algorithm);
  }
  if (!arguments.levels.empty()) {
    const Expected<std::string> levels = levels_setting(arguments.levels);
    if (levels) {
      settings.push_back(*levels);
    } else {
      problems.insert(problems.end(), levels.error().begin(), levels.error().end());
    }
  }
  return run_study(arguments.study, settings, options, std::move(problems));
}

}  // namespace

Expected<std::string> levels_setting(const std::string& levels) {
  std::string list;
  for (std::size_t at = 0; at <= levels.size();) {
    const std::size_t end = std::min(levels.find(',', at), levels.size());
    const std::string part = levels.substr(at, end - at);
    const std::size_t colon = part.find(':');
    const std::string model = part.substr(0, colon);
    const std::string count = colon == std::string::npos ? "" : part.substr(colon + 1);
    if (model.empty() || count.empty() ||
        count.find_first_not_of("0123456789") != std::string::npos) {
      return Unexpected{
          Diagnostics{{"--levels " + levels, fmt::format("'{}' is no MODEL:GENERATIONS", part),
                       "as in coarse:4,mid:4,fine:2"}}};
    }
    list += fmt::format("{}{{model: {}, generations: {}}}", list.empty() ? "" : ", ", model, count);
    at = end + 1;
  }
  return "search.levels=[" + list + "]";
}

void add_quantize_command(CLI::App& app, GlobalOptions& options, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "quantize", "Search widths of each layer on a given machine, or on several to compare them");
  add_global_options(*command, options);
  add_settings_option(*command, options);
  const auto arguments = std::make_shared<QuantizeArguments>();
  add_study_options(*command, arguments->study);
  command->add_option("--algorithm", arguments->algorithm,
                      "In place of search.algorithm: nsga2, random, greedy, uniform or agent");
  command->add_option("--levels", arguments->levels,
                      "In place of search.levels: MODEL:GENERATIONS by commas, as in "
                      "coarse:4,mid:4,fine:2");
  command->callback([arguments, command, &options, &exit_code] {
    exit_code = quantize(*arguments, study_settings(*command, options), options);
  });
}

}  // namespace hwflow::cli
