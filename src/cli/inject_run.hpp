#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/integer_model.hpp"
#include "cli/training_inputs.hpp"
#include "train/fault/campaign.hpp"

namespace hwflow::cli {

struct InjectArguments {
  IntegerModelArguments model;
  DataArguments data;
  train::fault::SpaceOptions space;
  train::fault::CampaignOptions campaign;
  std::int64_t images = 500;
  std::vector<double> rates;    ///< of bits; empty: single faults
  std::int64_t inferences = 0;  ///< of every rate; 0: as the margin says
  std::string replay;           ///< a list of faults; empty: they are drawn
  std::int64_t check = 200;     ///< inferences that are run again in the plain way
  bool resume = false;
};

/// `hwflow inject`. The exit code.
int run_inject(InjectArguments& arguments, const GlobalOptions& options);

}  // namespace hwflow::cli
