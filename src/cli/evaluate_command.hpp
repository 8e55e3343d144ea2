#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow evaluate NETWORK --arch ARCH --mapping FILE: cost of given mappings, as `map` writes
/// them.
void add_evaluate_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
