#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/integer_model.hpp"
#include "cli/resilience_measure.hpp"
#include "cli/train_arguments.hpp"

namespace hwflow::cli {

struct HardenArguments {
  IntegerModelArguments model;
  TrainArguments training;  ///< network, start and widths are the model's
  ResilienceOptions measure;
  std::vector<std::string> attack_eps{"8/255"};  ///< none: no attack
  std::vector<std::string> beside;               ///< further models that are measured alike
  bool control = false;
  bool measure_only = false;
};

/// `hwflow harden`. The exit code.
int run_harden(HardenArguments& arguments, const GlobalOptions& options);

}  // namespace hwflow::cli
