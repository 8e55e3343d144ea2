#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow attack MODEL --data DATA: adversarial accuracy.
void add_attack_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
