#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/prune_choice.hpp"
#include "cli/train_arguments.hpp"

namespace hwflow::cli {

/// What the command line asks for.
struct PruneArguments {
  TrainArguments training;
  std::string arch = "eyeriss";
  std::string bits;  ///< "8/8": of every layer; empty: what the accelerator calls float
  int batch = 1;
  PruneChoice choice;
  train::PruningOptions pruning{.images = 512};
};

/// `hwflow prune NETWORK`: removes channels, refits and trains what is left, writes network,
/// weights, ONNX, prune.json and prune.html to options.out. The exit code.
[[nodiscard]] int run_prune(PruneArguments& arguments, const GlobalOptions& options);

}  // namespace hwflow::cli
