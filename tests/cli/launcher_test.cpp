/// The real program: mapping commands in a process without libtorch, all others in the whole
/// program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/cli/command_line.hpp"
#include "tests/cli/process.hpp"

namespace hwflow::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class LauncherTest : public testing::Test {
 protected:
  LauncherTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("hwflow_launcher_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~LauncherTest() override { std::filesystem::remove_all(folder_); }

  /// Runs the program to its end.
  Outcome run_program(const std::vector<std::string>& words) const {
    Process process(folder_, words);
    const int status = process.wait();
    EXPECT_TRUE(WIFEXITED(status));
    return {WEXITSTATUS(status), process.output(), process.errors()};
  }

  std::filesystem::path folder_;
};

TEST_F(LauncherTest, RunsEveryCommandAsTheWholeProgramDoes) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"list", "networks"},
                                                {"--help"},
                                                {"fuse", "--help"},
                                                {"convert", "--arch", "e168", "--to", "timeloop"},
                                                {"explain", "search.population"},
                                                {"map", "nowhere", "--arch", "e168"},
                                                {"mapp", "lenet5"}}) {
    const Outcome alone = run_program(words), whole = run_hwflow(words);
    EXPECT_EQ(alone.exit_code, whole.exit_code) << words[0];
    EXPECT_EQ(alone.output, whole.output) << words[0];
    EXPECT_EQ(alone.errors, whole.errors) << words[0];
  }
}

TEST_F(LauncherTest, DoesNotNeedLibtorchByItself) {
  std::stringstream bytes;
  bytes << std::ifstream(HWFLOW_BINARY, std::ios::binary).rdbuf();
  ASSERT_FALSE(bytes.str().empty());
  EXPECT_THAT(bytes.str(), Not(HasSubstr("libtorch")));
}

}  // namespace
}  // namespace hwflow::cli
