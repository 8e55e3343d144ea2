#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/resilience_measure.hpp"
#include "train/nn/training.hpp"

namespace hwflow::cli {

/// A network of a comparison.
struct MeasuredModel {
  std::string name;  ///< "before", "control", "hardened", or its file
  Resilience found;
  std::vector<train::EpochReport> epochs{};  ///< of the training that made it; empty: none here
};

/// What `hwflow harden` has to tell. The first model is the one that others are compared with.
struct HardenOutcome {
  std::string network, data;
  std::string training;  ///< in words; empty: nothing was trained
  ResilienceOptions options;
  std::vector<MeasuredModel> models;
  std::filesystem::path weights_file, page_file;
};

[[nodiscard]] nlohmann::ordered_json to_json(const HardenOutcome& outcome);
/// Tables for the terminal.
[[nodiscard]] std::string harden_text(const HardenOutcome& outcome);
/// harden.html, as report::harden_page().
[[nodiscard]] std::string harden_page(const HardenOutcome& outcome);

}  // namespace hwflow::cli
