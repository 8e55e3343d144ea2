#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "train/robust/attack_options.hpp"

namespace hwflow::train::robust {

/// The images that an attack may make of others: within eps of every pixel, and from 0 to 1. Torch
/// header.
///
/// Both ends are floats that keep the law to the last bit: low >= x - eps and high <= x + eps
/// holds for the numbers as they are. On the grid of bytes the ends are bytes.
struct PixelBox {
  torch::Tensor center, low, high;  ///< (images, channels, rows, columns), float32, 0 to 1
  PixelGrid grid = PixelGrid::continuous;

  /// The nearest image within the box; for the grid of bytes see on_grid().
  [[nodiscard]] torch::Tensor project(const torch::Tensor& pixels) const;
  /// What the network gets of an image within the box: itself, or its nearest bytes (which are
  /// within the box too).
  [[nodiscard]] torch::Tensor on_grid(const torch::Tensor& pixels) const;
  /// The images at `rows`, an index tensor.
  [[nodiscard]] PixelBox select(const torch::Tensor& rows) const;
};

/// pixels  of whole images, bytes; shape: (images, channels, rows, columns)
[[nodiscard]] PixelBox make_box(std::span<const std::uint8_t> pixels, torch::IntArrayRef shape,
                                double eps, PixelGrid grid);

/// Bytes as network pixels, byte / 255, and back (rounded).
[[nodiscard]] torch::Tensor pixels_of_bytes(std::span<const std::uint8_t> bytes,
                                            torch::IntArrayRef shape);
[[nodiscard]] torch::Tensor bytes_of_pixels(const torch::Tensor& pixels);

/// A uniformly drawn point of each image's box, image i by streams[i].
[[nodiscard]] torch::Tensor random_point(const PixelBox& box, std::span<Rng> streams);

}  // namespace hwflow::train::robust
