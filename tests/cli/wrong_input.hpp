#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "tests/cli/command_line.hpp"

namespace hwflow::cli {

/// Names below the working folder and their bytes.
using Files = std::map<std::string, std::string>;
inline const Files kNone;

/// What users get wrong, and what hwflow tells them.
struct Row {
  const char* name;
  std::function<Files()> files;
  std::vector<std::string> words;
  std::vector<const char*> messages;
};
inline void PrintTo(const Row& row, std::ostream* stream) { *stream << row.name; }
inline std::string name_of(const ::testing::TestParamInfo<Row>& row) { return row.param.name; }

/// Runs a row in a folder of its own: exit code 2, nothing written.
class RefusedInput : public ::testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    folder_ =
        std::filesystem::path(::testing::TempDir()) / ("hwflow_wrong_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  static void expect_refused() {
    namespace fs = std::filesystem;
    for (const auto& [name, bytes] : GetParam().files()) {
      if (fs::path(name).has_parent_path()) fs::create_directories(fs::path(name).parent_path());
      std::ofstream(name, std::ios::binary) << bytes;
    }
    const Outcome outcome = run_hwflow(GetParam().words);
    EXPECT_EQ(outcome.exit_code, kWrongInput) << outcome.errors;
    for (const char* message : GetParam().messages)
      EXPECT_THAT(outcome.errors, ::testing::HasSubstr(message));
    EXPECT_THAT(outcome.errors, ::testing::Not(::testing::HasSubstr("note:")))
        << "of a command that was refused";
    EXPECT_FALSE(fs::exists("o")) << "something was written";
  }

 private:
  std::filesystem::path before_, folder_;
};

}  // namespace hwflow::cli
