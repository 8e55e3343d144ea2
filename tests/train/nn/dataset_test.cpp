#include "train/nn/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/train/nn/data_folder.hpp"
#include "tests/train/nn/temporary_folder.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

TEST(Dataset, FashionMnistIsAsPublished) {
  // Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017: 28 x 28, 10 classes of 6,000 and 1,000 images.
  const auto data = read_dataset({});
  ASSERT_TRUE(data) << to_text(data.error());
  EXPECT_EQ(data->train.count(), 60'000);
  EXPECT_EQ(data->test.count(), 10'000);
  EXPECT_EQ(data->train.channels * 10'000 + data->train.height * 100 + data->train.width, 12828);
  for (int label = 0; label < 10; ++label) {
    EXPECT_EQ(std::ranges::count(data->train.labels, label), 6'000);
    EXPECT_EQ(std::ranges::count(data->test.labels, label), 1'000);
  }
  EXPECT_EQ(data->files.size(), 4U);
}

TEST(Dataset, FindsCifarBelowTheDataRoot) {
  const std::filesystem::path root = data_folder();
  if (root.empty()) GTEST_SKIP() << "needs HWFLOW_DATA";
  const auto data = read_dataset({.name = "cifar10", .directory = {}, .data_root = root});
  ASSERT_TRUE(data) << to_text(data.error());
  EXPECT_EQ(data->test.pixels.size(), data->test.labels.size() * 3072);
  // The official test set begins cat, ship, ship, airplane, frog, frog (classes 3 8 8 0 6 6).
  const std::vector<std::uint8_t> first(data->test.labels.begin(), data->test.labels.begin() + 6);
  EXPECT_THAT(first, testing::ElementsAre(3, 8, 8, 0, 6, 6));
}

TEST(Dataset, AnExplicitFolderIsNotReplacedByAnother) {
  const TemporaryFolder folder;
  const auto data = read_dataset({.name = "fashion-mnist", .directory = folder.path()});
  ASSERT_FALSE(data);
  EXPECT_THAT(data.error().at(0).place, HasSubstr(folder.path().string()));
  EXPECT_THAT(data.error().at(0).hint, HasSubstr("dataset-fashion-mnist"));
}

TEST(Dataset, NamesEveryMissingFile) {
  const TemporaryFolder folder;
  folder.write("t10k-images-idx3-ubyte", "x");
  const auto data = read_dataset({.name = "fashion-mnist", .directory = folder.path()});
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().size(), 3U);  // two of the training set, the labels of the test set
  EXPECT_THAT(to_text(data.error()), HasSubstr("train-labels-idx1-ubyte"));
}

TEST(Dataset, AnUnknownNameGetsAHint) {
  const auto data = read_dataset({.name = "cifar-10"});
  ASSERT_FALSE(data);
  EXPECT_THAT(data.error().at(0).hint, HasSubstr("cifar10"));
  const TemporaryFolder folder;
  const auto images = read_dataset({.name = folder.path().string()});
  ASSERT_FALSE(images);
  EXPECT_THAT(images.error().at(0).hint, HasSubstr("folders of image files are not read"));
  const auto without = read_dataset({.name = "cifar10"});
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().at(0).hint, HasSubstr("HWFLOW_DATA"));
}

TEST(Dataset, ListsWhatItReads) {
  for (const DatasetInfo& info : known_datasets()) {
    const TemporaryFolder folder;
    const auto data = read_dataset({.name = info.name, .directory = folder.path()});
    ASSERT_FALSE(data);
    EXPECT_THAT(data.error().at(0).reason, HasSubstr("holds no " + info.name));
  }
  EXPECT_EQ(known_datasets().size(), 2U);
}

TEST(Dataset, SelectKeepsOrderAndPixels) {
  ImageSet images{.name = "x", .channels = 1, .height = 1, .width = 2, .classes = 3};
  images.pixels = {0, 1, 10, 11, 20, 21};
  images.labels = {0, 1, 2};
  const ImageSet chosen = select(images, {2, 0, 2});
  EXPECT_THAT(chosen.labels, testing::ElementsAre(2, 0, 2));
  EXPECT_THAT(chosen.pixels, testing::ElementsAre(20, 21, 0, 1, 20, 21));
  EXPECT_THROW((void)select(images, {3}), InternalError);
}

}  // namespace
}  // namespace hwflow::train
