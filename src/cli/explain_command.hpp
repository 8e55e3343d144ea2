#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow explain KEY: what a key of a study, accelerator or energy table file means.
void add_explain_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
