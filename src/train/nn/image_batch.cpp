#include "train/nn/image_batch.hpp"

#include "base/check.hpp"

namespace hwflow::train {

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
  for (std::size_t i = 0; i < indices.size(); ++i) {
    write_image(indices[i], {}, out.data() + i * size);
  }
}

void BatchWriter::write_augmented(std::span<const std::int64_t> indices,
                                  const Augmentation& augmentation, Rng& rng,
                                  std::span<float> out) const {
  const auto size = static_cast<std::size_t>(image_elements());
  HWFLOW_CHECK(out.size() == indices.size() * size, "the batch has another size than its images");
  for (std::size_t i = 0; i < indices.size(); ++i) {
    Placement placement;
    if (augmentation.pad > 0) {
      placement.down = rng.between(-augmentation.pad, augmentation.pad);
      placement.right = rng.between(-augmentation.pad, augmentation.pad);
    }
    if (augmentation.flip) placement.mirrored = rng.below(2) == 1;
    write_image(indices[i], placement, out.data() + i * size);
  }
}

void BatchWriter::write_image(std::int64_t index, const Placement& placement, float* out) const {
  HWFLOW_CHECK(index >= 0 && index < images_.count(), "image index out of range");
  const std::uint8_t* plane = images_.pixels.data() + index * image_elements();
  for (const std::array<float, 256>& table : tables_) {
    for (std::int64_t row = 0; row < images_.height; ++row) {
      const std::int64_t from_row = row + placement.down;
      const bool row_inside = from_row >= 0 && from_row < images_.height;
      for (std::int64_t column = 0; column < images_.width; ++column) {
        const std::int64_t in_window = placement.mirrored ? images_.width - 1 - column : column;
        const std::int64_t from = in_window + placement.right;
        const bool inside = row_inside && from >= 0 && from < images_.width;
        *out++ = table[inside ? plane[from_row * images_.width + from] : 0];
      }
    }
    plane += images_.height * images_.width;
  }
}

}  // namespace hwflow::train
