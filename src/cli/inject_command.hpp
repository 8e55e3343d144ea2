#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow inject MODEL --data DATA: what faults in memories and sums do to a network in integers.
void add_inject_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
