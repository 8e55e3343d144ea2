#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/train_arguments.hpp"
#include "study/hardware_model.hpp"
#include "workload/channel_groups.hpp"

namespace hwflow::cli {

/// A network and what it costs, whole or pruned.
struct PricedNetwork {
  Network network;
  study::HardwareCost cost = {};
  std::vector<study::LayerDetails> layers = {};
  std::int64_t correct = 0;  ///< of the test images
};

/// What `hwflow prune` has to tell.
struct PruneOutcome {
  PricedNetwork whole, pruned;
  CompressionPlan plan = {};
  std::vector<std::string> groups = {};        ///< names, as CompressionPlan::channels
  std::vector<std::int32_t> group_sizes = {};  ///< in the whole network
  std::string chosen_by = {};                  ///< "magnitude, 43 of 64 of them", ...
  std::string accelerator = {};
  double clock_mhz = 0.0;
  std::int64_t test_images = 0;
  std::int64_t correct_untrained = 0;  ///< right after channels were removed
  std::optional<TrainOutcome> training = {};
  std::filesystem::path network_file = {}, weights_file = {}, onnx_file = {};
};

/// Channels by group, layers with channels, MACs, energy and cycles before and after, totals,
/// accuracies, files.
[[nodiscard]] nlohmann::ordered_json to_json(const PruneOutcome& outcome);

/// The totals before and after, and where the files are.
[[nodiscard]] std::string prune_table(const PruneOutcome& outcome);

}  // namespace hwflow::cli
