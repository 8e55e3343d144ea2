#include "train/nn/image_batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace hwflow::train {
namespace {

const Normalization kPlain{{0.0F, 0.0F}, {1.0F / 255.0F, 1.0F / 255.0F}};

/// Two images of two channels, 3 x 4, every pixel different and none black.
ImageSet counting_images() {
  ImageSet images{.name = "x", .channels = 2, .height = 3, .width = 4, .classes = 2};
  for (int i = 1; i <= 48; ++i) images.pixels.push_back(static_cast<std::uint8_t>(i));
  images.labels = {0, 1};
  return images;
}

/// The window of an explicitly padded image: the definition, written the slow way.
std::vector<float> cut_window(const ImageSet& images, std::int64_t image, std::int64_t pad,
                              std::int64_t down, std::int64_t right, bool mirrored) {
  std::vector<float> window;
  for (std::int64_t c = 0; c < images.channels; ++c) {
    std::vector<std::vector<float>> padded(
        static_cast<std::size_t>(images.height + 2 * pad),
        std::vector<float>(static_cast<std::size_t>(images.width + 2 * pad), 0.0F));
    for (std::int64_t y = 0; y < images.height; ++y) {
      for (std::int64_t x = 0; x < images.width; ++x) {
        const auto at = ((image * images.channels + c) * images.height + y) * images.width + x;
        padded[static_cast<std::size_t>(y + pad)][static_cast<std::size_t>(x + pad)] =
            images.pixels[static_cast<std::size_t>(at)];
      }
    }
    for (std::int64_t y = 0; y < images.height; ++y) {
      const auto& line = padded[static_cast<std::size_t>(y + down)];
      std::vector<float> row(line.begin() + right, line.begin() + right + images.width);
      if (mirrored) std::ranges::reverse(row);
      window.insert(window.end(), row.begin(), row.end());
    }
  }
  return window;
}

std::vector<float> rounded(std::span<const float> values) {
  std::vector<float> result;
  for (const float value : values) result.push_back(std::round(value));
  return result;
}

TEST(ImageBatch, WritesImagesInTheOrderAskedFor) {
  const ImageSet images = counting_images();
  const BatchWriter writer(images, kPlain);
  const std::vector<std::int64_t> indices{1, 0};
  std::vector<float> out(48);
  writer.write(indices, out);
  EXPECT_EQ(rounded(std::span(out).first(24)), cut_window(images, 1, 0, 0, 0, false));
  EXPECT_EQ(rounded(std::span(out).last(24)), cut_window(images, 0, 0, 0, 0, false));
}

TEST(ImageBatch, EveryWindowOccursAndNothingElse) {
  const ImageSet images = counting_images();
  const BatchWriter writer(images, kPlain);
  const std::vector<std::int64_t> indices{0};
  std::set<std::vector<float>> windows;
  for (std::int64_t down = 0; down < 3; ++down) {
    for (std::int64_t right = 0; right < 3; ++right) {
      windows.insert(cut_window(images, 0, 1, down, right, false));
      windows.insert(cut_window(images, 0, 1, down, right, true));
    }
  }
  ASSERT_EQ(windows.size(), 18U);
  std::set<std::vector<float>> seen;
  Rng rng(7);
  for (int draw = 0; draw < 600; ++draw) {  // an event of 1/18 missed 600 times: 1e-15
    std::vector<float> out(24);
    writer.write_augmented(indices, {.pad = 1, .flip = true}, rng, out);
    const std::vector<float> window = rounded(out);
    ASSERT_TRUE(windows.contains(window)) << "draw " << draw;
    seen.insert(window);
  }
  EXPECT_EQ(seen, windows);
}

TEST(ImageBatch, NormalisesEachChannelWithItsOwnConstants) {
  const ImageSet images = counting_images();
  // Pixel 1 of channel 0 and pixel 13 of channel 1: (1/255 - 0.5)/0.25 and (13/255 - 0.1)/2.
  const BatchWriter writer(images, {{0.5F, 0.1F}, {0.25F, 2.0F}});
  const std::vector<std::int64_t> indices{0};
  std::vector<float> out(24);
  writer.write(indices, out);
  EXPECT_NEAR(out[0], -1.98431, 1e-5);
  EXPECT_NEAR(out[12], -0.0245098, 1e-6);
}

TEST(ImageBatch, BlackBordersAreNormalisedToo) {
  const ImageSet images = counting_images();
  const BatchWriter writer(images, {{0.5F, 0.5F}, {0.5F, 0.5F}});
  Rng rng(3);
  const std::vector<std::int64_t> indices{0};
  std::vector<float> out(24);
  bool seen = false;
  for (int draw = 0; draw < 50; ++draw) {
    writer.write_augmented(indices, {.pad = 2, .flip = false}, rng, out);
    seen = seen || std::ranges::count(out, -1.0F) > 0;  // black: (0 - 0.5) / 0.5
    EXPECT_EQ(std::ranges::count(out, 0.0F), 0);
  }
  EXPECT_TRUE(seen);
}

TEST(ImageBatch, ASampleHasWindowsOfItsImagesAndTheirLabels) {
  const ImageSet images = counting_images();
  std::array<std::set<std::vector<float>>, 2> windows;
  for (std::int64_t image = 0; image < 2; ++image)
    for (std::int64_t down = 0; down < 3; ++down)
      for (std::int64_t right = 0; right < 3; ++right)
        for (const bool mirrored : {false, true})
          windows.at(static_cast<std::size_t>(image))
              .insert(cut_window(images, image, 1, down, right, mirrored));
  std::set<std::vector<float>> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const ImageSet sample = augmented_sample(images, 2, {.pad = 1, .flip = true}, seed);
    ASSERT_EQ(sample.count(), 2);
    for (std::size_t i = 0; i < 2; ++i) {
      const auto* begin = sample.pixels.data() + i * 24;
      const std::vector<float> window(begin, begin + 24);
      EXPECT_TRUE(windows.at(sample.labels[i]).contains(window)) << seed;
      seen.insert(window);
    }
  }
  EXPECT_EQ(seen.size(),
            36U);  // one of 36 missed a hundred times: 0.14 for any, fixed by the seeds
  const ImageSet plain = augmented_sample(images, 5, {}, 3);
  EXPECT_EQ(plain.count(), 2);
  EXPECT_TRUE(plain.pixels == images.pixels || plain.labels.front() == 1);
}

}  // namespace
}  // namespace hwflow::train
