#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow map NETWORK --arch ARCH: best mapping of every layer, with a lower bound.
/// hwflow map --refs FILE: the same for the layers and machines of a neutral reference file.
void add_map_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
