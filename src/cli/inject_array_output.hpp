#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "chip/mapping/array_elements.hpp"
#include "cli/inject_run.hpp"
#include "train/fault/plain_check.hpp"

namespace hwflow::cli {

/// A register of a unit with a bit at fault.
struct ArrayFault {
  std::size_t unit = 0;
  train::fault::Register place = train::fault::Register::weight;
  train::fault::Effect effect = train::fault::Effect::stuck_at_0;
  int bit = 0;
};

/// What `hwflow inject --array` has to tell.
struct ArrayOutcome {
  std::string network, model, how, accelerator, data;
  std::uint64_t seed = 1;
  ArrayArguments array;
  std::vector<train::fault::Effect> effects;
  chip::ArraySize size;
  std::vector<chip::ArrayUnit> units;
  std::vector<std::int64_t> macs;  ///< per unit, of all layers
  std::vector<ArrayFault> faults;
  std::vector<train::fault::Outcome> outcomes;  ///< parallel to faults
  std::int64_t population = 0, images = 0, fault_free_right = 0;
  std::int64_t inferences = 0;  ///< in `seconds`
  double confidence = 0.95, seconds = 0.0;
  bool all_images = false;  ///< of the test set: they are no sample of it
  train::fault::PlainCheck check;
  std::vector<std::pair<std::string, std::string>> mappings;  ///< of layers, as text
  std::filesystem::path list_file, page_file;
};

[[nodiscard]] nlohmann::ordered_json to_json(const ArrayOutcome& outcome);
[[nodiscard]] std::string array_table(const ArrayOutcome& outcome);
/// inject.html, as report::fault_page().
[[nodiscard]] std::string array_page(const ArrayOutcome& outcome);

}  // namespace hwflow::cli
