#include "train/quant/quantized_testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/train/nn/temporary_folder.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/safetensors.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::train {
namespace {

TEST(QuantizedTesting, ACheckpointGivesTheSameInBothModes) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "quantized.safetensors";
  const QuantizedNetwork quantized = quantize_quadrants(CompressionPlan::uniform(4, 4, 4));
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
  write_quantized_network(file, quantize_quadrants(CompressionPlan::uniform(4, 32, 32)));
  const ImageSet& images = trained().data->test;
  const auto integer =
      test_quantized_checkpoint(file, trained().network, images, QuantizedMode::integer, 1);
  ASSERT_FALSE(integer);
  EXPECT_THAT(to_text(integer.error()), testing::HasSubstr("has float widths"));
  ImageSet other = images;
  std::swap(other.channels, other.height);
  EXPECT_FALSE(test_quantized_checkpoint(file, trained().network, other, QuantizedMode::fake, 1));
}

/// The message for an integer checkpoint after a change to it.
template <class Damage>
std::string message_after(const Damage& damage) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "integer.safetensors";
  const auto integers = to_integer_network(quantize_quadrants(CompressionPlan::uniform(4, 4, 4)));
  write_integer_network(file, integers.value());
  Safetensors content = read_safetensors(file).value();
  damage(content);
  write_safetensors(file, content);
  const auto tested = test_quantized_checkpoint(file, trained().network, trained().data->test,
                                                QuantizedMode::integer, 1);
  return tested ? std::string("accepted") : to_text(tested.error());
}

TEST(QuantizedTesting, ADamagedCheckpointIsRefusedInTheWordsOfItsOwnFormat) {
  EXPECT_EQ(message_after([](Safetensors&) {}), "accepted");
  const std::string damaged =
      message_after([](Safetensors& content) { content.tensors.erase(content.tensors.begin()); });
  EXPECT_THAT(damaged, testing::HasSubstr("tensor is missing"));
  EXPECT_THAT(damaged, testing::Not(testing::HasSubstr("format")));
  EXPECT_THAT(message_after([](Safetensors& content) { content.metadata["nodes"] = "{"; }),
              testing::HasSubstr("'nodes' is no JSON object"));
  EXPECT_THAT(
      message_after([](Safetensors& content) { content.metadata["format"] = "hwflow-float-9"; }),
      testing::HasSubstr("'hwflow-float-9', neither 'hwflow-quantized-1' nor 'hwflow-integer-1'"));
}

TEST(QuantizedTesting, ThreadsChangeNothing) {
  const QuantizedNetwork quantized = quantize_quadrants(CompressionPlan::uniform(4, 2, 3));
  ImageSet images = trained().data->test;
  images = select(images, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (int i = 0; i < 4; ++i) {  // 160 images: three batches and a rest
    images.pixels.insert(images.pixels.end(), images.pixels.begin(), images.pixels.end());
    images.labels.insert(images.labels.end(), images.labels.begin(), images.labels.end());
  }
  const auto one = test_fake_quantized(quantized, images, 1);
  EXPECT_EQ(one, test_fake_quantized(quantized, images, 3));
  EXPECT_EQ(one, test_integers(to_integer_network(quantized).value(), images, 2));
  for (std::size_t i = 10; i < one.size(); ++i) EXPECT_EQ(one[i], one[i - 10]) << i;
}

}  // namespace
}  // namespace hwflow::train
