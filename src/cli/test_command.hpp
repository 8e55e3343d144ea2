#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow test MODEL --data DATA: how many test images a trained network gets right.
void add_test_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
