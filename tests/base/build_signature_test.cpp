#include "base/build_signature.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace hwflow {
namespace {

namespace fs = std::filesystem;

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  std::array<char, 256> part{};
  while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) {
    text += part.data();
  }
  if (pipe != nullptr) pclose(pipe);
  return text;
}

/// Witness: coreutils.
std::string hash_of(const fs::path& root, const std::string& folders) {
  return output_of("cd '" + root.string() + "' && find " + folders +
                   " -name '*.[ch]pp' | LC_ALL=C sort | xargs sha256sum | sha256sum | head -c 16");
}

fs::path source_folder() { return std::getenv("HWFLOW_SOURCE_DIR"); }

TEST(BuildSignature, HashesTheSourcesThatItNames) {
  const fs::path root = source_folder() / "src";
  EXPECT_EQ(build_signature().training, hash_of(root, "base train workload"))
      << "or a source changed since the build";
  EXPECT_EQ(build_signature().hardware, hash_of(root, "base chip workload"));
}

/// What the script writes for a source tree of its own.
class SignedTree : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hwflow-signature-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* folder : {"base", "train/nn", "chip/cost"}) {
      fs::create_directories(root_ / folder);
      write(std::string(folder) + "/x.cpp", "int x;\n");
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    std::ofstream(root_ / file) << text;
  }

  [[nodiscard]] std::string generated() const {
    const fs::path output = root_ / "out.txt";
    output_of("cmake '-DROOT=" + root_.string() + "' '-DOUTPUT=" + output.string() +
              "' '-DTRAINING=base|train' '-DHARDWARE=base|chip' -P '" +
              (source_folder() / "cmake/build_signature.cmake").string() + "'");
    std::ifstream stream(output);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

  [[nodiscard]] std::string expected() const {
    return "{\"" + hash_of(root_, "base train") + "\", \"" + hash_of(root_, "base chip") + "\"}";
  }

  fs::path root_;
};

TEST_F(SignedTree, FollowsContentsAndNames) {
  const std::string before = generated();
  EXPECT_NE(before.find(expected()), std::string::npos) << before;
  EXPECT_EQ(generated(), before);

  write("train/nn/x.cpp", "int y;\n");
  const std::string changed = generated();
  EXPECT_NE(changed, before);
  EXPECT_NE(changed.find(expected()), std::string::npos) << changed;

  fs::rename(root_ / "chip/cost/x.cpp", root_ / "chip/cost/z.cpp");
  const std::string renamed = generated();
  EXPECT_NE(renamed, changed);
  EXPECT_NE(renamed.find(expected()), std::string::npos) << renamed;

  write("chip/cost/notes.txt", "no source");
  EXPECT_EQ(generated(), renamed);
}

}  // namespace
}  // namespace hwflow
