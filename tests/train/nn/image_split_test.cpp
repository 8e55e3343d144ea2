#include "train/nn/image_split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.hpp"

namespace hwflow::train {
namespace {

ImageSet labelled(std::vector<std::uint8_t> labels, std::int64_t classes) {
  ImageSet images{.name = "x", .channels = 1, .height = 1, .width = 1, .classes = classes};
  images.pixels.resize(labels.size());
  images.labels = std::move(labels);
  return images;
}

/// At least `least` images of seven classes.
ImageSet random_images(Rng& rng, std::size_t least) {
  std::vector<std::uint8_t> labels(least + rng.below(300));
  for (std::uint8_t& label : labels) label = static_cast<std::uint8_t>(rng.below(7));
  return labelled(std::move(labels), 7);
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
  const ImageSplit split = stratified_split(images, 4, 0, 1);
  EXPECT_THAT(class_counts(images, split.search), testing::ElementsAre(2, 1, 1));
  EXPECT_THAT(class_counts(images, split.training), testing::ElementsAre(3, 2, 1));
}

TEST(ImageSplit, IsAPartitionWithinOneImagePerClass) {
  Rng rng(20261);
  for (int trial = 0; trial < 200; ++trial) {
    const ImageSet images = random_images(rng, 1);
    const auto wanted = static_cast<std::int64_t>(rng.below(images.labels.size() + 20));
    const std::int64_t count = std::min(wanted, images.count());
    const ImageSplit split = stratified_split(images, wanted, 0, rng());

    std::vector<std::int64_t> all = split.search;
    all.insert(all.end(), split.training.begin(), split.training.end());
    std::ranges::sort(all);
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), images.count());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i));
    ASSERT_EQ(static_cast<std::int64_t>(split.search.size()), count) << "trial " << trial;
    const auto counts = class_counts(images, split.search);
    for (std::uint8_t c = 0; c < 7; ++c) {
      const double share = static_cast<double>(std::ranges::count(images.labels, c)) *
                           static_cast<double>(count) / static_cast<double>(images.count());
      ASSERT_LT(std::abs(static_cast<double>(counts[c]) - share), 1.0) << "trial " << trial;
    }
    ASSERT_TRUE(std::ranges::is_sorted(split.search));
    ASSERT_TRUE(std::ranges::is_sorted(split.training));
  }
}

TEST(ImageSplit, ConfirmationImagesAreThoseThatALargerSearchSplitAdds) {
  Rng rng(20262);
  for (int trial = 0; trial < 100; ++trial) {
    const ImageSet images = random_images(rng, 100);
    const std::uint64_t seed = rng();
    const ImageSplit split = stratified_split(images, 30, 50, seed);
    EXPECT_EQ(split.search, stratified_split(images, 30, 0, seed).search);
    std::vector<std::int64_t> both = split.search;
    both.insert(both.end(), split.confirmation.begin(), split.confirmation.end());
    std::ranges::sort(both);
    EXPECT_THAT(both, testing::IsSupersetOf(stratified_split(images, 80, 0, seed).search));
    EXPECT_LT(both.size(), 80 + 7);
    both.insert(both.end(), split.training.begin(), split.training.end());
    std::ranges::sort(both);
    ASSERT_EQ(static_cast<std::int64_t>(both.size()), images.count());
    EXPECT_EQ(std::ranges::adjacent_find(both), both.end());
  }
}

/// Each image has a pixel of its own, by which it is found again.
TEST(ImageParts, HeldOutOfTheTestSetLeaveTheTrainingSetWhole) {
  Dataset data{.train = labelled(std::vector<std::uint8_t>(30, 0), 2),
               .test = labelled({0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 2),
               .files = {}};
  for (std::size_t i = 0; i < 30; ++i) data.train.pixels[i] = static_cast<std::uint8_t>(100 + i);
  for (std::size_t i = 0; i < 12; ++i) data.test.pixels[i] = static_cast<std::uint8_t>(i);
  const ImageParts parts = image_parts(data, 4, 2, 9, HeldOutFrom::test);
  EXPECT_EQ(parts.training.size(), 30U);
  EXPECT_EQ(parts.search.count(), 4);
  EXPECT_EQ(parts.confirmation.count(), 2);
  std::vector<std::uint8_t> pixels = parts.search.pixels;
  for (const ImageSet* part : {&parts.confirmation, &parts.test})
    pixels.insert(pixels.end(), part->pixels.begin(), part->pixels.end());
  std::ranges::sort(pixels);
  EXPECT_EQ(pixels, data.test.pixels);  // every image once
  for (const ImageSet* part : {&parts.search, &parts.confirmation, &parts.test})
    EXPECT_EQ(std::ranges::count(part->labels, 0), part->count() / 2);

  const ImageParts of_training = image_parts(data, 4, 2, 9, HeldOutFrom::training);
  EXPECT_EQ(of_training.test.pixels, data.test.pixels);
  EXPECT_EQ(of_training.training, stratified_split(data.train, 4, 2, 9).training);
}

TEST(ImageSplit, DependsOnTheSeedAlone) {
  const ImageSet images = labelled(std::vector<std::uint8_t>(1000, 0), 1);
  EXPECT_EQ(stratified_split(images, 100, 50, 5), stratified_split(images, 100, 50, 5));
  EXPECT_NE(stratified_split(images, 100, 50, 5), stratified_split(images, 100, 50, 6));
  EXPECT_EQ(stratified_split(labelled({}, 3), 5, 1, 1), ImageSplit{});
}

TEST(SpreadSample, TakesEvenStepsThroughTheWholeList) {
  const std::vector<std::int64_t> indices{0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
  // Places 0, 10/4, 20/4 and 30/4, rounded down: 0, 2, 5, 7.
  EXPECT_THAT(spread_sample(indices, 4, 1), testing::UnorderedElementsAre(0, 20, 50, 70));
  EXPECT_THAT(spread_sample(indices, 10, 1), testing::UnorderedElementsAreArray(indices));
  EXPECT_THAT(spread_sample(indices, 99, 1), testing::UnorderedElementsAreArray(indices));
  // More than half of the list: still up to its end.
  EXPECT_THAT(spread_sample(indices, 7, 1),
              testing::UnorderedElementsAre(0, 10, 20, 40, 50, 70, 80));
  EXPECT_TRUE(spread_sample(indices, 0, 1).empty());
  EXPECT_TRUE(spread_sample({}, 4, 1).empty());
}

/// A set sorted by class, 100 images of each of 10: 64 of 256 samples show every class, 25.6 of 256
/// and 6.4 of 64 on average. That any is missing has a chance of about 10 * 0.9^64 = 1 %.
TEST(SpreadSample, ItsFirstPartShowsEveryClassOfASortedSet) {
  std::vector<std::int64_t> indices(1000);
  std::iota(indices.begin(), indices.end(), 0);
  const std::vector<std::int64_t> sample = spread_sample(indices, 256, 1);
  EXPECT_EQ(sample, spread_sample(indices, 256, 1));
  EXPECT_NE(sample, spread_sample(indices, 256, 2));
  const auto of_class = [&](std::int64_t label, std::size_t count) {
    return std::count_if(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(count),
                         [&](std::int64_t i) { return i / 100 == label; });
  };
  for (std::int64_t label = 0; label < 10; ++label) {
    EXPECT_NEAR(static_cast<double>(of_class(label, 256)), 25.6, 1.0);
    EXPECT_GT(of_class(label, 64), 0) << label;
  }
}

}  // namespace
}  // namespace hwflow::train
