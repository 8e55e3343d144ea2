#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow report RUN: the report of a run from its store, without evaluating anything.
void add_report_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
