#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/nn/dataset.hpp"

namespace hwflow::train {

/// Indices into a training set, ascending: those that a search measures on, those that its picks
/// are confirmed on, and all others (for training and calibration). The test set has no part in it.
struct ImageSplit {
  std::vector<std::int64_t> search;
  std::vector<std::int64_t> confirmation;
  std::vector<std::int64_t> training;
  bool operator==(const ImageSplit&) const = default;
};

/// The images that our trained models never saw: models/*.safetensors; enough for both held-out
/// parts of a study.
inline constexpr std::int64_t kHeldOutImages = 5000;
inline constexpr std::uint64_t kSplitSeed = 1;

/// Draws `search_count` and then `confirmation_count` images (capped at the set's size) so that
/// each class keeps its share in the first and in both together, to within one image; which of them
/// is a matter of `seed` alone. A larger count adds images; at most one of a class may leave.
[[nodiscard]] ImageSplit stratified_split(const ImageSet& images, std::int64_t search_count,
                                          std::int64_t confirmation_count, std::uint64_t seed);

/// Where the images come from that a search and its confirmation measure on.
enum class HeldOutFrom : std::uint8_t { training, test };

/// The images of a search: no image is in two parts.
struct ImageParts {
  ImageSet search, confirmation;
  std::vector<std::int64_t> training;  ///< indices into the training set, ascending
  ImageSet test;
};

/// HeldOutFrom::training: stratified_split() of the training set; all test images are `test`.
/// HeldOutFrom::test: the first two parts are taken out of the test set in the same way and `test`
/// is what is left of it; all training images are `training`. For weights that have seen the whole
/// training set, on which plans hardly differ any more.
[[nodiscard]] ImageParts image_parts(const Dataset& data, std::int64_t search_count,
                                     std::int64_t confirmation_count, std::uint64_t seed,
                                     HeldOutFrom from);

/// `count` of the indices (all of them when there are no more), evenly spread over the list, in an
/// order drawn from `seed`: any first part of the result is spread over the list too, so that a set
/// sorted by class is represented well.
[[nodiscard]] std::vector<std::int64_t> spread_sample(std::span<const std::int64_t> indices,
                                                      std::int64_t count, std::uint64_t seed);

}  // namespace hwflow::train
