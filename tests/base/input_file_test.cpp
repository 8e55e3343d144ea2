#include "base/input_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace hwflow {
namespace {

namespace fs = std::filesystem;

class InputFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("hwflow_input_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path file(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string reason(const fs::path& path, std::uint64_t most = 100) {
    const auto read = read_input_file(path, most);
    return read ? "" : read.error().front().reason;
  }

  fs::path folder_;
};

TEST_F(InputFile, IsReadWholeWhateverItsBytes) {
  const std::string bytes("a\0\xff\n\r", 5);
  EXPECT_EQ(read_input_file(file("a", bytes), 5).value(), bytes);
  EXPECT_EQ(read_input_file(file("empty", ""), 5).value(), "");
}

TEST_F(InputFile, IsRefusedWhenItHasNoEndOrTooMuch) {
  EXPECT_EQ(reason(folder_ / "none"), "there is no such file");
  EXPECT_EQ(reason(folder_), "is a directory");
  EXPECT_EQ(reason("/dev/zero"), "is a pipe or a device, not a file");
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(reason(pipe), "is a pipe or a device, not a file");  // opening it would wait for ever
  fs::create_symlink(pipe, folder_ / "link");
  EXPECT_EQ(reason(folder_ / "link"), "is a pipe or a device, not a file");
  const fs::path large = file("large", "");
  fs::resize_file(large, (std::uint64_t{5} << 30) + 1);  // a hole: takes no room
  EXPECT_EQ(reason(large, std::uint64_t{5} << 30), "is larger than 5 GiB");
  EXPECT_EQ(reason(large, 1 << 20), "is larger than 1 MiB");
}

TEST_F(InputFile, SaysWhyItMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const fs::path secret = file("secret", "x");
  fs::permissions(secret, fs::perms::none);
  EXPECT_EQ(reason(secret), "cannot be read: Permission denied");
}

}  // namespace
}  // namespace hwflow
