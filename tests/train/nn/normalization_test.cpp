#include "train/nn/normalization.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "train/nn/dataset.hpp"

namespace hwflow::train {
namespace {

using testing::ElementsAre;

TEST(Normalization, FashionMnistConstantsAreThoseOfItsTrainingImages) {
  const auto data = read_dataset({});
  ASSERT_TRUE(data);
  double sum = 0.0, squares = 0.0;
  for (const std::uint8_t pixel : data->train.pixels) {
    sum += pixel;
    squares += static_cast<double>(pixel) * pixel;
  }
  const auto count = static_cast<double>(data->train.pixels.size());
  const double mean = sum / count;
  const double deviation = std::sqrt(squares / count - mean * mean);
  const Normalization normalization = default_normalization("fashion-mnist", 1);
  EXPECT_NEAR(normalization.mean.at(0), mean / 255.0, 1e-4);
  EXPECT_NEAR(normalization.std.at(0), deviation / 255.0, 1e-4);
}

TEST(Normalization, TableHoldsTheInputOfEveryPixel) {
  const auto table = named_normalization("half", 1)->table(0);
  EXPECT_EQ(table[0], -1.0F);
  EXPECT_EQ(table[255], 1.0F);
  EXPECT_NEAR(table[51], -0.6, 1e-6);  // 51/255 = 0.2
  const auto plain = named_normalization("none", 3)->table(2);
  for (std::size_t pixel = 0; pixel < 256; ++pixel) {
    EXPECT_NEAR(plain[pixel], static_cast<double>(pixel), 1e-4);
  }
}

TEST(Normalization, ReadsTheMetadataOfPublicFiles) {
  const auto imagenet = normalization_from_metadata(
      {{"normalisation", "mean 0.485,0.456,0.406 std 0.229,0.224,0.225 on x/255"}}, 3);
  EXPECT_EQ(imagenet, named_normalization("imagenet", 3));
  const auto half =
      normalization_from_metadata({{"normalisation", "mean 0.5 std 0.5 on x/255"}}, 3);
  ASSERT_TRUE(half);
  EXPECT_THAT(half->mean, ElementsAre(0.5F, 0.5F, 0.5F));
  EXPECT_EQ(normalization_from_metadata({{"normalisation", "none: input 0..255"}}, 3),
            named_normalization("none", 3));
}

TEST(Normalization, OwnMetadataComeBackExactly) {
  const Normalization own{{0.1F, 0.2F}, {1.0F / 3.0F, 1.0F / 255.0F}};
  std::map<std::string, std::string> metadata;
  add_to_metadata(own, metadata);
  EXPECT_EQ(normalization_from_metadata(metadata, 2), own);
}

TEST(Normalization, DoesNotGuess) {
  const std::vector<std::map<std::string, std::string>> unclear{
      {},
      {{"normalisation", "as usual"}},
      {{"normalisation", "mean 0.5,0.5 std 0.5 on x/255"}},  // two numbers for three channels
      {{"normalisation", "mean 0.5 std 0 on x/255"}},
      {{"input_mean", "0.5"}, {"input_std", "-1"}},
      {{"input_mean", "0.5"}, {"input_std", "nan"}},
      {{"input_mean", "0.5;0.5"}, {"input_std", ""}}};
  for (const auto& metadata : unclear) {
    EXPECT_EQ(normalization_from_metadata(metadata, 3), std::nullopt);
  }
  EXPECT_EQ(named_normalization("cifar10", 1), std::nullopt);
  EXPECT_EQ(named_normalization("mnist", 1), std::nullopt);
}

}  // namespace
}  // namespace hwflow::train
