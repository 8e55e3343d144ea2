#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow runs: the co-design runs of an output folder, or of every folder below ./runs.
void add_runs_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
