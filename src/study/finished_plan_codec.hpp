#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "train/quant/backend.hpp"

namespace hwflow::study {

/// A re-trained plan as bytes for the run store: every field in declaration order, sequences after
/// their 64-bit length, little-endian, with a version in front and a checksum behind.
[[nodiscard]] std::string encode_finished_plan(const train::FinishedPlan& plan);

/// None when the bytes are not exactly what encode_finished_plan() of this version wrote.
[[nodiscard]] std::optional<train::FinishedPlan> decode_finished_plan(std::string_view bytes);

}  // namespace hwflow::study
