#include "train/robust/pixel_box.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <numeric>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

std::vector<std::uint8_t> all_bytes() {
  std::vector<std::uint8_t> bytes(256);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  return bytes;
}

TEST(PixelBox, KeepsTheLawToTheLastBit) {
  for (const double eps : {1.0 / 255, 8.0 / 255, 0.03, 0.1, 64.0 / 255, 1.0, 1e-9}) {
    const PixelBox box = make_box(all_bytes(), {1, 1, 16, 16}, eps, PixelGrid::continuous);
    for (int byte = 0; byte < 256; ++byte) {
      const double x = box.center.data_ptr<float>()[byte];
      const double low = box.low.data_ptr<float>()[byte];
      const double high = box.high.data_ptr<float>()[byte];
      ASSERT_LE(x - low, eps);
      ASSERT_LE(high - x, eps);
      ASSERT_GE(low, 0.0);
      ASSERT_LE(high, 1.0);
      // And they are the ends: a float further out is outside.
      ASSERT_TRUE(low == 0.0 || x - std::nextafter(static_cast<float>(low), -1.0F) > eps);
      ASSERT_TRUE(high == 1.0 || std::nextafter(static_cast<float>(high), 2.0F) - x > eps);
    }
  }
}

TEST(PixelBox, OnTheGridItsEndsAreBytes) {
  // 8/255 is eight bytes although 255 * (8/255) need not be 8 in floats; 0.035 is 8.9 bytes.
  for (const double eps : {8.0 / 255, 0.035}) {
    const PixelBox box = make_box(all_bytes(), {1, 1, 16, 16}, eps, PixelGrid::bytes);
    const Tensor low = bytes_of_pixels(box.low), high = bytes_of_pixels(box.high);
    EXPECT_TRUE(torch::equal(pixels_of_bytes({low.data_ptr<std::uint8_t>(), 256}, {1, 1, 16, 16}),
                             box.low));
    for (int byte = 0; byte < 256; ++byte) {
      ASSERT_EQ(low.data_ptr<std::uint8_t>()[byte], std::max(0, byte - 8));
      ASSERT_EQ(high.data_ptr<std::uint8_t>()[byte], std::min(255, byte + 8));
    }
  }
}

TEST(PixelBox, BytesComeBackAsTheyWere) {
  const Tensor pixels = pixels_of_bytes(all_bytes(), {1, 1, 16, 16});
  const Tensor bytes = bytes_of_pixels(pixels);
  for (int byte = 0; byte < 256; ++byte) ASSERT_EQ(bytes.data_ptr<std::uint8_t>()[byte], byte);
}

TEST(PixelBox, ProjectionIsTheNearestPointOfTheBox) {
  for (const PixelGrid grid : {PixelGrid::continuous, PixelGrid::bytes}) {
    const PixelBox box = make_box(all_bytes(), {4, 1, 8, 8}, 0.05, grid);
    torch::manual_seed(1);
    const Tensor any = torch::rand({4, 1, 8, 8}) * 3.0 - 1.0;
    const Tensor projected = box.project(any);
    EXPECT_TRUE(torch::equal(projected, torch::clamp(any, box.low, box.high)));
    EXPECT_TRUE(torch::equal(box.project(projected), projected));
    EXPECT_TRUE(torch::equal(box.project(box.center), box.center));
    const Tensor seen = box.on_grid(projected);
    EXPECT_TRUE(torch::equal(box.project(seen), seen))
        << "bytes next to the box's points are in it";
    EXPECT_TRUE(torch::equal(box.on_grid(box.center), box.center));
  }
}

TEST(PixelBox, RandomPointsFillItAndDependOnTheStreamAlone) {
  const PixelBox box = make_box(all_bytes(), {4, 1, 8, 8}, 0.02, PixelGrid::continuous);
  const auto streams = [](std::vector<std::uint64_t> seeds) {
    std::vector<Rng> all;
    for (const std::uint64_t seed : seeds) all.emplace_back(seed);
    return all;
  };
  auto first = streams({1, 2, 3, 4});
  const Tensor points = random_point(box, first);
  EXPECT_TRUE(torch::equal(box.project(points), points));
  const Tensor share = (points - box.low) / (box.high - box.low);
  EXPECT_NEAR(share.mean().item<double>(), 0.5, 0.06);  // 256 draws: 3 deviations are 0.054
  EXPECT_GT(share.max().item<double>() - share.min().item<double>(), 0.9);
  auto alone = streams({3});
  const PixelBox third = box.select(torch::tensor(std::vector<std::int64_t>{2}));
  EXPECT_TRUE(torch::equal(random_point(third, alone)[0], points[2]));
}

}  // namespace
}  // namespace hwflow::train::robust
