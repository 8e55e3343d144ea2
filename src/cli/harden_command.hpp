#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow harden: trains a network so that it bears disturbed bits, and shows what that did.
void add_harden_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
