#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow codesign STUDY.yaml [--resume]
void add_codesign_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
