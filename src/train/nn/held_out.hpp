#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "train/nn/dataset.hpp"

namespace hwflow::train {

/// Training images that a training kept away: the search part of a stratified_split.
struct HeldOut {
  std::int64_t images = 0;
  std::uint64_t split_seed = 0;
  bool operator==(const HeldOut&) const = default;
};

/// Key of a weight file's metadata.
inline constexpr const char* kHeldOutKey = "held_out";

/// "5000 training images, split seed 1": as weight files say it.
[[nodiscard]] std::string to_text(const HeldOut& held_out);
/// None for any other text.
[[nodiscard]] std::optional<HeldOut> held_out_from_text(const std::string& text);

/// Why accuracies on `measured`, indices into `training`, may be optimistic: weights of this
/// metadata were trained on some of these images, or do not say. Sentences for users; empty when
/// every image was held out.
[[nodiscard]] std::string held_out_caveat(const std::map<std::string, std::string>& metadata,
                                          const ImageSet& training,
                                          std::span<const std::int64_t> measured);

}  // namespace hwflow::train
