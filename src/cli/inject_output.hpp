#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "train/fault/campaign_summary.hpp"
#include "train/fault/plain_check.hpp"
#include "train/fault/scale_analysis.hpp"

namespace hwflow::cli {

/// Failures at one rate of disturbed bits.
struct InjectedRate {
  double bit_rate = 0.0;
  std::int64_t upsets = 0;  ///< of all inferences
  train::fault::Rate rate;  ///< its faults are inferences
};

/// What `hwflow inject` has to tell. What it points to outlives it.
struct InjectOutcome {
  std::string network, model, how, data;
  std::uint64_t seed = 1;
  train::fault::SpaceOptions options;
  const train::fault::FaultSpace* space = nullptr;
  const train::fault::CampaignSummary* summary = nullptr;
  const Network* graph = nullptr;
  bool replayed = false;  ///< the faults are somebody's choice: no interval holds for others
  std::int64_t population = 0, planned = 0;
  double confidence = 0.95, margin = 0.01, relative_margin = 0.0;
  bool all_images = false;  ///< of the test set: they are no sample of it
  std::int64_t images = 0, fault_free_right = 0;
  double seconds = 0.0;
  std::int64_t inferences = 0;  ///< in these seconds
  std::vector<InjectedRate> rates;
  std::vector<train::fault::StoredScale> scales;
  train::fault::PlainCheck check;
  std::filesystem::path list_file, page_file;
};

[[nodiscard]] nlohmann::ordered_json to_json(const InjectOutcome& outcome);
[[nodiscard]] std::string inject_table(const InjectOutcome& outcome);
/// inject.html, as report::fault_page().
[[nodiscard]] std::string inject_page(const InjectOutcome& outcome);

}  // namespace hwflow::cli
