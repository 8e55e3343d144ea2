#pragma once

#include <string>

#include "base/expected.hpp"
#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow quantize STUDY.yaml [--algorithm NAME] [--levels MODEL:GENERATIONS,...] [--resume]
void add_quantize_command(CLI::App& app, GlobalOptions& options, int& exit_code);

/// "coarse:4,mid:4,fine:2" as the setting search.levels=[...].
/// Errors  parts that are no MODEL:GENERATIONS.
[[nodiscard]] Expected<std::string> levels_setting(const std::string& levels);

}  // namespace hwflow::cli
