#include "cli/export_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string bytes_of(const fs::path& file) {
  std::stringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

/// The checkpoint of a run is all that export and test need: they must agree with the run.
TEST(Export, AndTestAgreeWithTheRunThatWroteTheCheckpoint) {
  const TinyStudy study;
  const Outcome run = run_hwflow(study.codesign(
      "o", {"--quiet", "--json", "-", "--set", "search.generations=0", "--set", "finish.picks=0"}));
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  const json baseline = json::parse(run.output)["baselines"][0];
  const std::string checkpoint = (study.out("o") / "uniform_8_8.safetensors").string();

  const Outcome exported =
      run_hwflow({"export", checkpoint, "--out", study.out("e").string(), "--json", "-"});
  ASSERT_EQ(exported.exit_code, 0) << exported.errors;
  const fs::path file = json::parse(exported.output)["file"].get<std::string>();
  EXPECT_EQ(bytes_of(file), bytes_of(study.out("o") / "uniform_8_8.qdq.onnx"));
  const Outcome qonnx = run_hwflow(
      {"export", checkpoint, "--format", "qonnx", "--out", study.out("e").string(), "--quiet"});
  ASSERT_EQ(qonnx.exit_code, 0) << qonnx.errors;
  EXPECT_EQ(qonnx.output, "");
  EXPECT_GT(fs::file_size(study.out("e") / "uniform_8_8.qonnx.onnx"), 0U);

  // Both read pixels 0..255 and round: what `test` would compute of them is something else.
  for (const char* name : {"uniform_8_8.qdq.onnx", "uniform_8_8.qonnx.onnx"}) {
    const Outcome refused =
        run_hwflow({"test", (study.out("e") / name).string(), "--data-dir", study.data().string()});
    EXPECT_EQ(refused.exit_code, kWrongInput) << name;
    EXPECT_THAT(refused.errors, testing::AllOf(testing::HasSubstr("is quantized"),
                                               testing::HasSubstr("--mode integer")))
        << name;
  }

  const Outcome as_float = run_hwflow({"test", checkpoint, "--data-dir", study.data().string()});
  EXPECT_EQ(as_float.exit_code, kWrongInput);
  EXPECT_THAT(as_float.errors, testing::AllOf(testing::HasSubstr("holds a quantized network"),
                                              testing::HasSubstr("--mode integer")));
  for (const auto& [mode, key] :
       {std::pair{"integer", "test_integer"}, std::pair{"fake", "test_fake_quantized"}}) {
    const Outcome tested = run_hwflow({"test", checkpoint, "--mode", mode, "--data-dir",
                                       study.data().string(), "--json", "-", "--quiet"});
    ASSERT_EQ(tested.exit_code, 0) << tested.errors;
    EXPECT_EQ(json::parse(tested.output)["correct"], baseline[key]["correct"]) << mode;
    EXPECT_EQ(json::parse(tested.output)["total"], 40);
  }
}

}  // namespace
}  // namespace hwflow::cli
