#include "train/nn/image_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace hwflow::train {
namespace {

ImageSet labelled(std::vector<std::uint8_t> labels, std::int64_t classes) {
  ImageSet images{.name = "x", .channels = 1, .height = 1, .width = 1, .classes = classes};
  images.pixels.resize(labels.size());
  images.labels = std::move(labels);
  return images;
}

std::vector<std::int64_t> class_counts(const ImageSet& images,
                                       const std::vector<std::int64_t>& indices) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(images.classes));
  for (const std::int64_t i : indices) ++counts[images.labels[static_cast<std::size_t>(i)]];
  return counts;
}

TEST(ImageSplit, SharesFollowTheLargestRemainder) {
  // 5, 3 and 2 images, 4 wanted: 2.0, 1.2 and 0.8 -> 2, 1, 0 and one more for the third class.
  const ImageSet images = labelled({0, 1, 2, 0, 1, 2, 0, 1, 0, 0}, 3);
  const ImageSplit split = stratified_split(images, 4, 1);
  EXPECT_THAT(class_counts(images, split.search), testing::ElementsAre(2, 1, 1));
  EXPECT_THAT(class_counts(images, split.training), testing::ElementsAre(3, 2, 1));
}

TEST(ImageSplit, IsAPartitionWithinOneImagePerClass) {
  Rng rng(20261);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::uint8_t> labels(1 + rng.below(300));
    for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(rng.below(7));
    const ImageSet images = labelled(labels, 7);
    const auto wanted = static_cast<std::int64_t>(rng.below(labels.size() + 20));
    const std::int64_t count = std::min(wanted, images.count());
    const ImageSplit split = stratified_split(images, wanted, rng());

    std::vector<std::int64_t> all = split.search;
    all.insert(all.end(), split.training.begin(), split.training.end());
    std::ranges::sort(all);
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), images.count());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i));
    ASSERT_EQ(static_cast<std::int64_t>(split.search.size()), count) << "trial " << trial;
    const auto counts = class_counts(images, split.search);
    for (std::uint8_t c = 0; c < 7; ++c) {
      const double share = static_cast<double>(std::ranges::count(labels, c)) *
                           static_cast<double>(count) / static_cast<double>(images.count());
      ASSERT_LT(std::abs(static_cast<double>(counts[c]) - share), 1.0) << "trial " << trial;
    }
    ASSERT_TRUE(std::ranges::is_sorted(split.search));
    ASSERT_TRUE(std::ranges::is_sorted(split.training));
  }
}

TEST(ImageSplit, DependsOnTheSeedAlone) {
  const ImageSet images = labelled(std::vector<std::uint8_t>(1000, 0), 1);
  EXPECT_EQ(stratified_split(images, 100, 5), stratified_split(images, 100, 5));
  EXPECT_NE(stratified_split(images, 100, 5), stratified_split(images, 100, 6));
  EXPECT_EQ(stratified_split(labelled({}, 3), 5, 1), ImageSplit{});
}

}  // namespace
}  // namespace hwflow::train
