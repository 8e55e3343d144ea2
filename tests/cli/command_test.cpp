#include "cli/command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/parallel.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

TEST(ThreadCount, ZeroMeansEveryCore) {
  GlobalOptions options;
  EXPECT_EQ(thread_count(options), available_threads());
  options.threads = 3;
  EXPECT_EQ(thread_count(options), 3);
}

TEST(ReportWrongInput, PrintsEveryProblemAndHowMany) {
  testing::internal::CaptureStderr();
  const int code = report_wrong_input({{"a:1", "is odd", "take 2"}, {"b", "is missing", ""}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "a:1: is odd (take 2)\nb: is missing\nhwflow: 2 problems in the input; nothing was "
            "done\n");
  EXPECT_EQ(code, kWrongInput);
}

TEST(WriteJson, GoesToTheFileOrToStandardOutput) {
  GlobalOptions options;
  const fs::path file = fs::path(testing::TempDir()) / "hwflow_write_json.json";
  options.json = file.string();
  write_json(options, "{}");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "{}\n");
  fs::remove(file);

  options.json = "-";
  testing::internal::CaptureStdout();
  write_json(options, "[1]");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "[1]\n");
}

TEST(CheckOutputs, RefusesWhatCannotBeWrittenAndCreatesNothing) {
  const fs::path folder = fs::path(testing::TempDir()) / "hwflow_check_outputs";
  fs::create_directories(folder);
  const fs::path file = folder / "file";
  std::ofstream(file) << "x";
  GlobalOptions options;
  EXPECT_TRUE(check_outputs(options).empty());
  for (const fs::path& json : {file, folder / "new.json", fs::path("-"), fs::path("/dev/null")}) {
    options.json = json.string();
    EXPECT_TRUE(check_outputs(options).empty()) << json;
  }
  for (const fs::path& json : {folder, file / "x.json", folder / "no" / "x.json", fs::path("")}) {
    options.json = json.string();
    EXPECT_EQ(check_outputs(options).size(), 1U) << json;
  }
  options.json.reset();
  for (const fs::path& out : {folder, folder / "new", folder / "new" / "newer"}) {
    options.out = out;
    EXPECT_TRUE(check_outputs(options).empty()) << out;
    EXPECT_EQ(fs::exists(out), out == folder);
  }
  for (const fs::path& out : {file, file / "x", fs::path("")}) {
    options.out = out;
    EXPECT_EQ(check_outputs(options).size(), 1U) << out;
  }
  fs::remove_all(folder);
}

TEST(WriteFile, SaysWhichFileCannotBeWritten) {
  try {
    write_file("no/such/folder/file", "x");
    FAIL() << "no exception";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot write 'no/such/folder/file'"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace hwflow::cli
