#include "train/nn/image_batch.hpp"

#include <numeric>

#include "base/check.hpp"
#include "train/nn/image_split.hpp"

namespace hwflow::train {
namespace {

struct Placement {
  std::int64_t down = 0, right = 0;  ///< window origin relative to the image's
  bool mirrored = false;
};

Placement draw(const Augmentation& augmentation, Rng& rng) {
  Placement placement;
  if (augmentation.pad > 0) {
    placement.down = rng.between(-augmentation.pad, augmentation.pad);
    placement.right = rng.between(-augmentation.pad, augmentation.pad);
  }
  if (augmentation.flip) placement.mirrored = rng.below(2) == 1;
  return placement;
}

/// Writes value(channel, byte) of every pixel of the window.
template <class Value, class Out>
void write_window(const ImageSet& images, std::int64_t index, const Placement& placement,
                  const Value& value, Out* out) {
  HWFLOW_CHECK(index >= 0 && index < images.count(), "image index out of range");
  const std::int64_t size = images.height * images.width;
  const std::uint8_t* plane = images.pixels.data() + index * images.channels * size;
  for (std::int64_t channel = 0; channel < images.channels; ++channel, plane += size) {
    for (std::int64_t row = 0; row < images.height; ++row) {
      const std::int64_t from_row = row + placement.down;
      const bool row_inside = from_row >= 0 && from_row < images.height;
      for (std::int64_t column = 0; column < images.width; ++column) {
        const std::int64_t in_window = placement.mirrored ? images.width - 1 - column : column;
        const std::int64_t from = in_window + placement.right;
        const bool inside = row_inside && from >= 0 && from < images.width;
        *out++ = value(channel, inside ? plane[from_row * images.width + from] : std::uint8_t{0});
      }
    }
  }
}

}  // namespace

ImageSet augmented_sample(const ImageSet& images, std::int64_t count,
                          const Augmentation& augmentation, std::uint64_t seed) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const std::vector<std::int64_t> indices = spread_sample(all, count, seed);
  ImageSet sample = select(images, indices);
  const std::int64_t size = images.channels * images.height * images.width;
  Rng rng(seed);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    write_window(
        images, indices[i], draw(augmentation, rng),
        [](std::int64_t, std::uint8_t byte) { return byte; },
        sample.pixels.data() + static_cast<std::int64_t>(i) * size);
  }
  return sample;
}

BatchWriter::BatchWriter(const ImageSet& images, const Normalization& normalization)
    : images_(images) {
  for (std::int64_t channel = 0; channel < images.channels; ++channel) {
    tables_.push_back(normalization.table(static_cast<std::size_t>(channel)));
  }
}

std::int64_t BatchWriter::image_elements() const {
  return images_.channels * images_.height * images_.width;
}

void BatchWriter::write(std::span<const std::int64_t> indices, std::span<float> out) const {
  const auto size = static_cast<std::size_t>(image_elements());
  HWFLOW_CHECK(out.size() == indices.size() * size, "the batch has another size than its images");
  const auto value = [this](std::int64_t channel, std::uint8_t byte) {
    return tables_[static_cast<std::size_t>(channel)][byte];
  };
  for (std::size_t i = 0; i < indices.size(); ++i)
    write_window(images_, indices[i], {}, value, out.data() + i * size);
}

void BatchWriter::write_augmented(std::span<const std::int64_t> indices,
                                  const Augmentation& augmentation, Rng& rng,
                                  std::span<float> out) const {
  const auto size = static_cast<std::size_t>(image_elements());
  HWFLOW_CHECK(out.size() == indices.size() * size, "the batch has another size than its images");
  const auto value = [this](std::int64_t channel, std::uint8_t byte) {
    return tables_[static_cast<std::size_t>(channel)][byte];
  };
  for (std::size_t i = 0; i < indices.size(); ++i)
    write_window(images_, indices[i], draw(augmentation, rng), value, out.data() + i * size);
}

}  // namespace hwflow::train
