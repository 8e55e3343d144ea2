#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hwflow::train {

/// How pixels 0..255 become the network's input: (pixel / 255 - mean) / std, per channel, float32.
struct Normalization {
  std::vector<float> mean, std;
  bool operator==(const Normalization&) const = default;

  /// The input values of pixels 0..255 in one channel.
  [[nodiscard]] std::array<float, 256> table(std::size_t channel) const;
};

/// Mean and standard deviation of the training set's pixels: fashion-mnist, cifar10; others get
/// mean 0.5, std 0.5 in each of `channels`.
[[nodiscard]] Normalization default_normalization(std::string_view dataset, std::int64_t channels);

/// Named constants: "imagenet", "cifar10", "fashion-mnist", "half" (0.5, 0.5), "none" (pixels stay
/// 0..255). None for other names.
[[nodiscard]] std::optional<Normalization> named_normalization(std::string_view name,
                                                               std::int64_t channels);

/// What the metadata of a weight file says: our "input_mean" and "input_std" (numbers with commas),
/// or a public "normalisation" text: "mean a,b,c std d,e,f on x/255", "none: input 0..255". One
/// number stands for all channels. None when it says nothing that we understand.
[[nodiscard]] std::optional<Normalization> normalization_from_metadata(
    const std::map<std::string, std::string>& metadata, std::int64_t channels);

/// Our metadata entries.
void add_to_metadata(const Normalization& normalization,
                     std::map<std::string, std::string>& metadata);

}  // namespace hwflow::train
