#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace hwflow::cli {

void add_prune_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
