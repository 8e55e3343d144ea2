#include "train/nn/idx_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/train/nn/temporary_folder.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

std::string number(std::uint32_t value) {  // IDX numbers are big-endian
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// Two images of 2 x 3: pixels 0..5 and 100..105.
std::string good_images() {
  std::string bytes = number(0x803) + number(2) + number(2) + number(3);
  for (int i = 0; i < 6; ++i) bytes += static_cast<char>(i);
  for (int i = 100; i < 106; ++i) bytes += static_cast<char>(i);
  return bytes;
}
std::string good_labels() { return number(0x801) + number(2) + std::string("\x07\x00", 2); }

std::string gzip(const TemporaryFolder& folder, const std::string& bytes) {
  const auto path = folder.path() / "gzip.tmp";
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(IdxFiles, ReadsPlainAndCompressedFiles) {
  const TemporaryFolder folder;
  const auto plain =
      read_idx_pair(folder.write("i", good_images()), folder.write("l", good_labels()), 10);
  const auto packed = read_idx_pair(folder.write("i.gz", gzip(folder, good_images())),
                                    folder.write("l.gz", gzip(folder, good_labels())), 10);
  for (const auto* set : {&plain, &packed}) {
    ASSERT_TRUE(*set) << to_text(set->error());
    const ImageSet& images = set->value();
    EXPECT_EQ(images.count(), 2);
    EXPECT_EQ(images.channels, 1);
    EXPECT_EQ(images.height, 2);
    EXPECT_EQ(images.width, 3);
    EXPECT_THAT(images.labels, testing::ElementsAre(7, 0));
    EXPECT_THAT(images.pixels,
                testing::ElementsAre(0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105));
  }
}

struct WrongPair {
  const char* what;
  std::string images, labels;
  const char* reason;
};

std::vector<WrongPair> wrong_pairs(const TemporaryFolder& folder) {
  const std::string images = good_images(), labels = good_labels();
  std::string damaged = gzip(folder, images);
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x55);  // CRC
  const std::string packed = gzip(folder, images);
  return {
      {"empty", "", labels, "within its magic number"},
      {"labels in place of images", labels, labels, "byte 0: magic number is 0x801"},
      {"images in place of labels", images, images, "byte 0: magic number is 0x803"},
      {"header cut", images.substr(0, 10), labels, "within its header"},
      {"data cut", images.substr(0, 20), labels, "byte 20: the file ends"},
      {"a byte more", images + "x", labels, "byte 28: data go on"},
      {"no images", number(0x803) + number(0) + number(2) + number(3), labels, "byte 4: size 0"},
      {"more than 1 GiB promised", number(0x803) + number(1U << 31) + number(1U << 31) + number(3),
       labels, "beyond 1 GiB"},
      {"a GiB promised, nothing there", number(0x803) + number(1U << 30) + number(1) + number(1),
       labels, "byte 16: the file ends"},
      {"three labels for two images", images, number(0x801) + number(3) + std::string(3, '\0'),
       "3 labels for the 2 images"},
      {"label 10", images, number(0x801) + number(2) + std::string("\x03\x0A", 2),
       "byte 9: label 10 of image 1 is not below 10"},
      {"gzip cut", packed.substr(0, packed.size() - 12), labels, ""},
      {"gzip damaged", damaged, labels, "zlib"},
  };
}

TEST(IdxFiles, RefusesWrongFilesByNameAndOffset) {
  const TemporaryFolder folder;
  for (const WrongPair& wrong : wrong_pairs(folder)) {
    const auto read = read_idx_pair(folder.write("images", wrong.images),
                                    folder.write("labels", wrong.labels), 10);
    ASSERT_FALSE(read) << wrong.what;
    EXPECT_THAT(to_text(read.error()), HasSubstr(wrong.reason)) << wrong.what;
    EXPECT_THAT(read.error().at(0).place, HasSubstr(folder.path().string())) << wrong.what;
  }
}

TEST(IdxFiles, TellsProblemsOfBothFiles) {
  const TemporaryFolder folder;
  const auto read = read_idx_pair(folder.path() / "no-images", folder.path() / "no-labels", 10);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().size(), 2U);
  EXPECT_THAT(read.error().at(0).reason, HasSubstr("there is no such file"));
}

}  // namespace
}  // namespace hwflow::train
