#pragma once

namespace hwflow::cli {

/// The whole program: parses, runs one subcommand, turns every outcome into an exit code
/// (0 done, 1 the world failed, 2 wrong input, 3 nothing feasible).
int run(int argc, const char* const* argv);

}  // namespace hwflow::cli
