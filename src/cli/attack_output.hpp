#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "train/nn/dataset.hpp"
#include "train/robust/attack_report.hpp"
#include "train/robust/masking_alarms.hpp"

namespace hwflow::cli {

/// What was attacked and what came of it.
struct AttackResult {
  std::string model, network, mode;
  std::string how;  ///< it was quantized; empty: float
  std::string data;
  std::string transfer_from;  ///< empty: nothing
  std::vector<std::string> notes{};
  train::robust::AttackOptions options{};
  train::robust::AttackReport report{};
  std::vector<train::robust::MaskingAlarm> alarms{};
};

[[nodiscard]] nlohmann::ordered_json attack_json(const AttackResult& result);

/// Tables and alarms, as the terminal shows them.
[[nodiscard]] std::string attack_text(const AttackResult& result);

/// One row for every image and eps: image, label, clean prediction, eps, the class that the first
/// attack that broke it made of it and that attack's name (both empty where it stands, or was wrong
/// at once).
[[nodiscard]] std::string attacked_images_csv(const AttackResult& result);

/// adversarial_<eps>.safetensors: "images", pixels from 0 to 1 as the judge saw them, those that
/// nothing broke as they were; "labels", and "fooled_into", which is -1 for these.
void write_adversarial_images(const std::filesystem::path& folder, const AttackResult& result,
                              const train::ImageSet& images);

}  // namespace hwflow::cli
