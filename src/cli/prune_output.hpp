#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_arguments.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::cli {

/// What `hwflow prune` has to tell.
struct PruneOutcome {
  /// Two plans, report::kWholePlan and report::kPrunedPlan, with their costs and layers.
  study::CodesignResult result;
  std::vector<std::string> groups;              ///< names, as CompressionPlan::channels
  std::vector<std::int32_t> group_sizes;        ///< in the whole network
  std::string chosen_by;                        ///< ChosenPlan::how
  std::string conditions;                       ///< what accuracies and costs are of
  std::map<std::string, std::string> settings;  ///< what the command was asked for
  std::int64_t test_images = 0;
  std::int64_t whole_correct = 0, untrained_correct = 0;  ///< of the test images
  std::optional<TrainOutcome> training;
  int epochs = 0;                                               ///< of it
  std::filesystem::path network_file, weights_file, onnx_file;  ///< onnx_file empty: none

  [[nodiscard]] const CompressionPlan& plan() const;  ///< of what is left
  /// Right of the test images, trained where it was.
  [[nodiscard]] std::int64_t correct() const {
    return training ? training->correct : untrained_correct;
  }
};

/// Channels by group; layers with channels, MACs, energy and cycles before and after; totals,
/// accuracies, files.
[[nodiscard]] nlohmann::ordered_json to_json(const PruneOutcome& outcome);

/// The totals before and after, and where the files are.
[[nodiscard]] std::string prune_table(const PruneOutcome& outcome);

/// prune.html, as report::prune_page().
[[nodiscard]] std::string prune_page(const PruneOutcome& outcome);

}  // namespace hwflow::cli
