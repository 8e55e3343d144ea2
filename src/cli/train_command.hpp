#pragma once

#include "cli/command.hpp"

namespace hwflow::cli {

/// hwflow train NETWORK --data DATA --out DIR: trains a float network and measures it once on the
/// test set. Writes DIR/<network>.safetensors and, after every epoch, DIR/checkpoint.safetensors.
void add_train_command(CLI::App& app, GlobalOptions& options, int& exit_code);

}  // namespace hwflow::cli
