#pragma once

#include "base/random.hpp"
#include "train/nn/dataset.hpp"

namespace hwflow::train {

/// Square images of random pixels, classes in turn.
inline ImageSet made_images(int count, std::int64_t channels, std::int64_t size, int classes,
                            std::uint64_t seed = 1) {
  Rng rng(seed);
  ImageSet set{
      .name = "made", .channels = channels, .height = size, .width = size, .classes = classes};
  for (int i = 0; i < count; ++i) {
    for (std::int64_t k = 0; k < channels * size * size; ++k)
      set.pixels.push_back(static_cast<std::uint8_t>(rng() & 255U));
    set.labels.push_back(static_cast<std::uint8_t>(i % classes));
  }
  return set;
}

}  // namespace hwflow::train
