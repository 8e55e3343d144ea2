#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// `hwflow fuse NETWORK --arch ARCH`: the cheapest partition into fused groups (docs/fusion.md).
void add_fuse_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
