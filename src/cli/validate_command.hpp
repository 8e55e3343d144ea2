#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow validate [SET...]: our numbers beside published ones.
void add_validate_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
