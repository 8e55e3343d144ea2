#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace hwflow::cli {

/// Adds every subcommand of this build; the table is in commands.cpp, that of the launcher in
/// launcher.cpp.
void add_commands(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
