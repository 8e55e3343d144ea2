#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// `hwflow convert`: accelerators, layers and mappings from and to the formats of other tools.
void add_convert_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
