#include "train/nn/held_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "train/nn/image_split.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;
using Metadata = std::map<std::string, std::string>;

/// Three classes of 50, 30 and 20 images.
ImageSet hundred_images() {
  ImageSet images{.name = "shapes", .channels = 1, .height = 1, .width = 1, .classes = 3};
  images.pixels.resize(100);
  for (int i = 0; i < 100; ++i) {
    images.labels.push_back(static_cast<std::uint8_t>(i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2));
  }
  return images;
}

Metadata says(const std::string& held_out, const std::string& data = "shapes") {
  return {{"data", data}, {"held_out", held_out}};
}

std::string caveat(const Metadata& metadata, std::int64_t count, std::uint64_t seed) {
  const ImageSet images = hundred_images();
  return held_out_caveat(metadata, images, stratified_split(images, count, 0, seed).search);
}

TEST(HeldOut, TextReadsBack) {
  EXPECT_EQ(to_text({5000, 1}), "5000 training images, split seed 1");
  EXPECT_EQ(held_out_from_text("5000 training images, split seed 1"), (HeldOut{5000, 1}));
  for (const char* text :
       {"", "5000", "-1 training images, split seed 1", "x training images, split seed 1",
        "5 training images, split seed ", "5 training images, split seed 1x"}) {
    EXPECT_FALSE(held_out_from_text(text).has_value()) << text;
  }
}

TEST(SearchSplitCaveat, IsSilentWhenTheSearchSplitLiesInWhatWasHeldOut) {
  EXPECT_EQ(caveat(says("40 training images, split seed 7"), 40, 7), "");
  EXPECT_EQ(caveat(says("40 training images, split seed 7"), 10, 7), "");
  EXPECT_EQ(caveat(says("100 training images, split seed 3"), 40, 7), "");
}

TEST(SearchSplitCaveat, CountsTheImagesThatWereTrainedOn) {
  EXPECT_THAT(caveat(says("10 training images, split seed 7"), 40, 7),
              testing::AllOf(HasSubstr("trained on 30 of the 40 training images"),
                             HasSubstr("accuracy.split_seed 7 and at most 10")));
  EXPECT_THAT(caveat(says("0 training images, split seed 7"), 40, 7),
              testing::AllOf(HasSubstr("trained on 40 of the 40"),
                             testing::Not(HasSubstr("accuracy.split_seed"))));

  // Another seed: the overlap of two unrelated subsets, counted as sets.
  const ImageSet images = hundred_images();
  const std::vector<std::int64_t> held = stratified_split(images, 40, 0, 8).search;
  const std::vector<std::int64_t> search = stratified_split(images, 40, 0, 7).search;
  std::set<std::int64_t> unseen(held.begin(), held.end());
  std::erase_if(unseen, [&](std::int64_t i) { return std::ranges::count(search, i) == 0; });
  ASSERT_GT(unseen.size(), 0U);
  EXPECT_THAT(caveat(says("40 training images, split seed 8"), 40, 7),
              HasSubstr("trained on " + std::to_string(40 - unseen.size()) + " of the 40"));
}

TEST(SearchSplitCaveat, SaysThatTheWeightsDoNotSay) {
  for (const Metadata& metadata : {Metadata{}, says("some"), Metadata{{"data", "shapes"}},
                                   says("40 training images, split seed 7", "cifar10")}) {
    EXPECT_THAT(caveat(metadata, 40, 7), HasSubstr("do not say which images of shapes"));
  }
}

}  // namespace
}  // namespace hwflow::train
