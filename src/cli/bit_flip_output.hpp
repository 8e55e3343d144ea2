#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/robust/bit_flip_attack.hpp"
#include "workload/network.hpp"

namespace hwflow::cli {

/// What `hwflow attack --bit-flips` has to tell. What it points to outlives it.
struct BitFlipResult {
  std::string model, how, data;
  std::string batch_data;  ///< "training", "test": the set that the attacker's images are of
  std::int64_t batch_images = 0;
  std::vector<std::string> notes{};
  const Network* network = nullptr;
  train::robust::BitFlipOptions options{};
  train::robust::BitFlipReport report{};
  std::filesystem::path list_file{}, random_file{}, page_file{};  ///< empty: not written
};

[[nodiscard]] nlohmann::ordered_json bit_flip_json(const BitFlipResult& result);
/// The table of flips and a line on random ones, as the terminal shows them.
[[nodiscard]] std::string bit_flip_text(const BitFlipResult& result);
/// One row for every flip: flip, layer, element, bit, before, after, loss, accuracy.
[[nodiscard]] std::string bit_flip_csv(const BitFlipResult& result);
/// attack.html, as report::flip_page().
[[nodiscard]] std::string bit_flip_page(const BitFlipResult& result);

}  // namespace hwflow::cli
