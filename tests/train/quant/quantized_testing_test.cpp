#include "train/quant/quantized_testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/train/nn/temporary_folder.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::train {
namespace {

TEST(QuantizedTesting, ACheckpointGivesTheSameInBothModes) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "quantized.safetensors";
  const QuantizedNetwork quantized = quantize_quadrants(PrecisionPlan::uniform(4, 4, 4));
  write_quantized_network(file, quantized);
  const ImageSet& images = trained().data->test;
  const auto fake =
      test_quantized_checkpoint(file, trained().network, images, QuantizedMode::fake, 1);
  const auto integer =
      test_quantized_checkpoint(file, trained().network, images, QuantizedMode::integer, 2);
  ASSERT_TRUE(fake && integer);
  EXPECT_EQ(*fake, *integer);
  // Trained to more than 90 % (see quantized_accuracy_model_test.cpp).
  EXPECT_GT(std::ranges::count(*integer, 1), images.count() * 8 / 10);
}

TEST(QuantizedTesting, RefusesFloatWidthsAsIntegersAndImagesOfAnotherSize) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "float.safetensors";
  write_quantized_network(file, quantize_quadrants(PrecisionPlan::uniform(4, 32, 32)));
  const ImageSet& images = trained().data->test;
  const auto integer =
      test_quantized_checkpoint(file, trained().network, images, QuantizedMode::integer, 1);
  ASSERT_FALSE(integer);
  EXPECT_THAT(to_text(integer.error()), testing::HasSubstr("has float widths"));
  ImageSet other = images;
  std::swap(other.channels, other.height);
  EXPECT_FALSE(test_quantized_checkpoint(file, trained().network, other, QuantizedMode::fake, 1));
}

}  // namespace
}  // namespace hwflow::train
