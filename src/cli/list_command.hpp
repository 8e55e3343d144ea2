#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow list networks | accelerators | data
void add_list_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
