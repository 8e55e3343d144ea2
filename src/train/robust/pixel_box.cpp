#include "train/robust/pixel_box.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

struct Ends {
  float low = 0.0F, high = 1.0F;
};

/// The floats next to the ends of [center - eps, center + eps] within [0, 1], on the inner side.
Ends ends_of(float center, double eps) {
  const double low = std::max(0.0, static_cast<double>(center) - eps);
  const double high = std::min(1.0, static_cast<double>(center) + eps);
  Ends ends{static_cast<float>(low), static_cast<float>(high)};
  if (static_cast<double>(ends.low) < low) ends.low = std::nextafter(ends.low, 2.0F);
  if (static_cast<double>(ends.high) > high) ends.high = std::nextafter(ends.high, -1.0F);
  return ends;
}

float pixel_of(std::int64_t byte) { return static_cast<float>(static_cast<double>(byte) / 255.0); }

/// For every byte. 8/255 as a double is no multiple of 1/255 to the last bit.
std::array<Ends, 256> ends_of_bytes(double eps, PixelGrid grid) {
  const auto reach = static_cast<std::int64_t>(std::floor(255.0 * eps + 1e-9));
  std::array<Ends, 256> ends;
  for (std::int64_t byte = 0; byte < 256; ++byte) {
    ends[static_cast<std::size_t>(byte)] =
        grid == PixelGrid::continuous ? ends_of(pixel_of(byte), eps)
                                      : Ends{pixel_of(std::max<std::int64_t>(0, byte - reach)),
                                             pixel_of(std::min<std::int64_t>(255, byte + reach))};
  }
  return ends;
}

}  // namespace

Tensor PixelBox::project(const Tensor& pixels) const {
  return torch::max(torch::min(pixels, high), low);
}

Tensor PixelBox::on_grid(const Tensor& pixels) const {
  if (grid == PixelGrid::continuous) return pixels;
  // In double and back, as pixels_of_bytes(): the same bytes give the same floats.
  return (torch::round(pixels.to(torch::kFloat64) * 255.0) / 255.0).to(torch::kFloat32);
}

PixelBox PixelBox::select(const Tensor& rows) const {
  return {center.index_select(0, rows), low.index_select(0, rows), high.index_select(0, rows),
          grid};
}

PixelBox make_box(std::span<const std::uint8_t> pixels, torch::IntArrayRef shape, double eps,
                  PixelGrid grid) {
  PixelBox box{pixels_of_bytes(pixels, shape), torch::empty(shape), torch::empty(shape), grid};
  const std::array<Ends, 256> ends = ends_of_bytes(eps, grid);
  float* low = box.low.data_ptr<float>();
  float* high = box.high.data_ptr<float>();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    low[i] = ends[pixels[i]].low;
    high[i] = ends[pixels[i]].high;
  }
  return box;
}

Tensor pixels_of_bytes(std::span<const std::uint8_t> bytes, torch::IntArrayRef shape) {
  Tensor pixels = torch::empty(shape);
  HWFLOW_CHECK(pixels.numel() == static_cast<std::int64_t>(bytes.size()),
               "as many bytes as the shape says");
  std::transform(bytes.begin(), bytes.end(), pixels.data_ptr<float>(), pixel_of);
  return pixels;
}

Tensor bytes_of_pixels(const Tensor& pixels) {
  return torch::round(pixels.detach().to(torch::kCPU, torch::kFloat64) * 255.0)
      .to(torch::kUInt8)
      .contiguous();
}

Tensor random_point(const PixelBox& box, std::span<Rng> streams) {
  const Tensor low = box.low.to(torch::kCPU), high = box.high.to(torch::kCPU);
  HWFLOW_CHECK(low.size(0) == static_cast<std::int64_t>(streams.size()), "one stream per image");
  Tensor share = torch::empty_like(low);
  const std::size_t image = streams.empty() ? 0 : static_cast<std::size_t>(low[0].numel());
  float* out = share.data_ptr<float>();
  for (Rng& rng : streams)
    for (std::size_t i = 0; i < image; ++i) *out++ = static_cast<float>(rng.uniform());
  return box.project((low + share * (high - low)).to(box.low.device()));
}

}  // namespace hwflow::train::robust
