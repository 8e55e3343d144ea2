#include "train/nn/cifar_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/train/nn/temporary_folder.hpp"

namespace hwflow::train {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One record: the label and 3072 pixels that count up from `first`.
std::string record(int label, int first) {
  std::string bytes(1, static_cast<char>(label));
  for (int i = 0; i < 3072; ++i) bytes += static_cast<char>(first + i);
  return bytes;
}

TEST(CifarFiles, ReadsBatchesInOrder) {
  const TemporaryFolder folder;
  folder.write("data_batch_2.bin", record(2, 20));
  folder.write("data_batch_1.bin", record(1, 10) + record(9, 90));
  folder.write("test_batch.bin", record(5, 50));
  folder.write("batches.meta.txt", "airplane\n");
  const auto data = read_cifar10_folder(folder.path());
  ASSERT_TRUE(data) << to_text(data.error());
  EXPECT_THAT(data->train.labels, ElementsAre(1, 9, 2));
  EXPECT_THAT(data->test.labels, ElementsAre(5));
  EXPECT_EQ(data->train.pixels.size(), 3U * 3072U);
  EXPECT_EQ(data->train.pixels[3072], 90);          // first red pixel of the second image
  EXPECT_EQ(data->train.pixels[2 * 3072 + 1], 21);  // second one of the third
  EXPECT_EQ(data->test.channels, 3);
  EXPECT_EQ(data->test.height, 32);
  EXPECT_EQ(data->files.size(), 3U);
}

TEST(CifarFiles, APartStandsInForAnAbsentBatch) {
  const TemporaryFolder folder;
  folder.write("data_batch_1_first2.bin", record(1, 0) + record(2, 0));
  folder.write("data_batch_3.bin", record(3, 0));
  folder.write("data_batch_3_first1.bin", record(4, 0));  // beside the whole batch: not read
  folder.write("test_batch_first1.bin", record(5, 0));
  const auto data = read_cifar10_folder(folder.path());
  ASSERT_TRUE(data) << to_text(data.error());
  EXPECT_THAT(data->train.labels, ElementsAre(1, 2, 3));
  EXPECT_THAT(data->test.labels, ElementsAre(5));
}

struct WrongFolder {
  const char* what;
  std::vector<std::pair<std::string, std::string>> files;
  const char* reason;
};

TEST(CifarFiles, RefusesWrongFoldersByNameAndOffset) {
  const std::string good = record(0, 0);
  const std::vector<WrongFolder> cases{
      {"nothing there", {}, "no training batch"},
      {"no test batch", {{"data_batch_1.bin", good}}, "no test batch"},
      {"no training batch", {{"test_batch.bin", good}}, "no training batch"},
      {"empty batch", {{"data_batch_1.bin", ""}, {"test_batch.bin", good}}, "is empty"},
      {"record cut",
       {{"data_batch_1.bin", good + good.substr(1)}, {"test_batch.bin", good}},
       "byte 3073: the last record is cut short; 6145 bytes"},
      {"label 10",
       {{"data_batch_1.bin", good + record(10, 0)}, {"test_batch.bin", good}},
       "byte 3073: label 10 of record 1"},
      {"label 255 in the test set",
       {{"data_batch_1.bin", good}, {"test_batch.bin", record(255, 0)}},
       "byte 0: label 255"},
      {"two parts of one batch",
       {{"data_batch_1_a.bin", good}, {"data_batch_1_b.bin", good}, {"test_batch.bin", good}},
       "second part of data_batch_1"},
  };
  for (const WrongFolder& wrong : cases) {
    const TemporaryFolder folder;
    for (const auto& [file, bytes] : wrong.files) folder.write(file, bytes);
    const auto data = read_cifar10_folder(folder.path());
    ASSERT_FALSE(data) << wrong.what;
    EXPECT_THAT(to_text(data.error()), HasSubstr(wrong.reason)) << wrong.what;
  }
}

}  // namespace
}  // namespace hwflow::train
