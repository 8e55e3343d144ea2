#include "train/robust/flip_batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hwflow::train::robust {
namespace {

using testing::Each;
using testing::HasSubstr;

/// 30 images of one pixel, of classes 0, 1, 2, 0, ...
ImageSet numbered_images() {
  ImageSet images{.name = "numbered", .channels = 1, .height = 1, .width = 1, .classes = 3};
  for (std::uint8_t i = 0; i < 30; ++i) {
    images.pixels.push_back(i);
    images.labels.push_back(i % 3);
  }
  return images;
}

TEST(FlipBatch, ObjectiveIsTheWeightedCrossEntropy) {
  // Logits in units of 0.5: (1, 0), (0, 2); cross-entropies log(1 + e^-1), log(1 + e^2).
  FlipBatch batch{.wanted = {0, 0}, .weight = {0.25, -2.0}};
  const std::vector<std::int64_t> logits{2, 0, 0, 4};
  EXPECT_NEAR(objective(batch, logits, 0.5),
              0.25 * std::log1p(std::exp(-1.0)) - 2.0 * std::log1p(std::exp(2.0)), 1e-14);
  const std::vector<std::int64_t> far{0, 100'000, 0, 0};  // no overflow
  EXPECT_NEAR(objective(batch, far, 0.5), 0.25 * 50'000 - 2.0 * std::log(2.0), 1e-9);
}

TEST(FlipBatch, WithoutTargetLabelsAreToBeLost) {
  const FlipBatch batch = make_flip_batch(numbered_images(), {.images = 8}).value();
  ASSERT_EQ(batch.images.count(), 8);
  EXPECT_THAT(batch.weight, Each(1.0 / 8));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(batch.wanted[i], batch.images.pixels[i] % 3);
  EXPECT_EQ(make_flip_batch(numbered_images(), {.images = 100}).value().images.count(), 30);
  EXPECT_NE(make_flip_batch(numbered_images(), {.images = 8, .seed = 2}).value().images.pixels,
            batch.images.pixels);
}

TEST(FlipBatch, ATargetIsWantedOfAll) {
  const FlipBatch batch = make_flip_batch(numbered_images(), {.images = 8, .target = 2}).value();
  EXPECT_THAT(batch.wanted, Each(2));
  EXPECT_THAT(batch.weight, Each(-1.0 / 8));
}

TEST(FlipBatch, OfASourceHalfIsToMoveAndTheOthersStay) {
  const FlipBatch batch =
      make_flip_batch(numbered_images(), {.images = 7, .target = 2, .source = 1}).value();
  ASSERT_EQ(batch.images.count(), 7);
  for (std::size_t i = 0; i < 7; ++i) {
    const bool moves = i < 4;
    EXPECT_EQ(batch.images.labels[i] == 1, moves);
    EXPECT_EQ(batch.places[i], batch.images.pixels[i]);
    EXPECT_EQ(batch.wanted[i], moves ? 2 : batch.images.labels[i]);
    EXPECT_EQ(batch.weight[i], moves ? -1.0 / 4 : -1.0 / 3);
  }
}

TEST(FlipBatch, RefusesASourceThatNobodyHas) {
  ImageSet images = numbered_images();
  images.classes = 5;
  const auto refused = make_flip_batch(images, {.target = 2, .source = 4});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(to_text(refused.error()), HasSubstr("numbered has 0 images of class 4 and 30"));
}

}  // namespace
}  // namespace hwflow::train::robust
