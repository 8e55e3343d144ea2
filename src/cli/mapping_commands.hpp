#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace hwflow::cli {

/// Adds the subcommands that need no libtorch and are worth a program that does not load it.
void add_mapping_commands(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
