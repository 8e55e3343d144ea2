#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"

namespace hwflow::train {

/// Random changes of training images: the image is padded with black on all sides and a window of
/// its own size is cut out anywhere; then it is mirrored with probability 1/2.
struct Augmentation {
  std::int64_t pad = 0;  ///< pixels; 0 = no crop
  bool flip = false;
  bool operator==(const Augmentation&) const = default;
};

/// `count` of the images, spread over the set (all when there are no more), with changes drawn from
/// `seed`: what a network sees in training.
[[nodiscard]] ImageSet augmented_sample(const ImageSet& images, std::int64_t count,
                                        const Augmentation& augmentation, std::uint64_t seed);

/// Turns images into network inputs: floats (count, channels, height, width).
class BatchWriter {
 public:
  BatchWriter(const ImageSet& images, const Normalization& normalization);

  /// The images as they are. `out` holds indices.size() images.
  void write(std::span<const std::int64_t> indices, std::span<float> out) const;
  /// With the changes that `rng` draws, image after image.
  void write_augmented(std::span<const std::int64_t> indices, const Augmentation& augmentation,
                       Rng& rng, std::span<float> out) const;

  [[nodiscard]] std::int64_t image_elements() const;

 private:
  const ImageSet& images_;
  std::vector<std::array<float, 256>> tables_;  ///< per channel
};

}  // namespace hwflow::train
