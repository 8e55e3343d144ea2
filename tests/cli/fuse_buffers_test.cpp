#include "cli/fuse_buffers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(BufferSweep, ReadsListsAndRanges) {
  Diagnostics problems;
  const auto list = buffer_sweep({"32KiB,1MiB,5000,64bits", {}}, problems);
  EXPECT_EQ(std::get<chip::BufferSizes>(list.sizes),
            (chip::BufferSizes{262'144, 8'388'608, 5000, 64}));
  const auto range = buffer_sweep({"32KiB:2MiB", 0.0}, problems);
  EXPECT_EQ(std::get<chip::BufferRange>(range.sizes).least_bits, 262'144);
  EXPECT_EQ(std::get<chip::BufferRange>(range.sizes).most_bits, 16'777'216);
  EXPECT_EQ(std::get<chip::BufferRange>(range.sizes).step, 0.0);
  EXPECT_TRUE(problems.empty());
}

struct Refused {
  const char* sizes;
  std::optional<double> step;
  const char* problem;
};

TEST(BufferSweep, RefusesWhatIsNoSize) {
  for (const auto& [sizes, step, problem] :
       {Refused{"", {}, "--buffers: '' is no size"},
        Refused{"32KiB,", {}, "--buffers: '' is no size"},
        Refused{"32KB", {}, "--buffers: '32KB' has an unknown unit 'KB'"},
        Refused{"1.5MiB", {}, "--buffers: '1.5MiB' has an unknown unit '.5MiB'"},
        Refused{"0", {}, "--buffers: '0' is out of range"},
        Refused{"-4KiB", {}, "--buffers: '-4KiB' is out of range"},
        Refused{"99999999999MiB", {}, "--buffers: '99999999999MiB' is out of range"},
        Refused{"99999999999999999999", {}, "is out of range"},
        Refused{"2MiB:32KiB", {}, "--buffers: '2MiB:32KiB' ends before it begins"},
        Refused{"1KiB:2KiB:3KiB", {}, "is neither a list nor a range"},
        Refused{"1KiB:2KiB,3KiB", {}, "unknown unit 'KiB,3KiB'"},
        Refused{"1KiB:2KiB", -0.5, "--buffer-step: must be a number >= 0, got -0.5"},
        Refused{"1KiB,2KiB", 0.5, "--buffer-step: is of a range of --buffers only"}}) {
    Diagnostics problems;
    (void)buffer_sweep({sizes, step}, problems);
    ASSERT_EQ(problems.size(), 1U) << sizes;
    EXPECT_THAT(problems.front().place + ": " + problems.front().reason, HasSubstr(problem));
    EXPECT_FALSE(problems.front().hint.empty()) << sizes;
  }
}

TEST(HwflowFuseBuffers, ListsTheUsualResultForEverySize) {
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--max-evaluations", "500",
                  "--buffers", "8KiB,16KiB", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  EXPECT_EQ(result["buffers"], json({65'536, 131'072}));
  EXPECT_TRUE(result["complete"]);
  ASSERT_EQ(result["points"].size(), 2U);
  for (const json& point : result["points"]) {
    const Outcome alone =
        run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--max-evaluations", "500",
                    "--buffer", point["buffer_bits"].dump(), "--json", "-"});
    const json one = json::parse(alone.output);
    for (const char* key : {"value", "lower_bound", "optimal", "compulsory_dram_bits"})
      EXPECT_EQ(point[key], one[key]) << key;
    EXPECT_EQ(point["single_layer_total"]["dram_bits"], one["single_layer_total"]["dram_bits"]);
    EXPECT_LE(point["peak_bits"], point["buffer_bits"]);
  }
}

TEST(HwflowFuseBuffers, PrintsARangeAndWritesThePage) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_fuse_buffers";
  std::filesystem::remove_all(folder);
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--max-evaluations", "500",
                  "--buffers", "1bits:16KiB", "--buffer-step", "1", "--out", folder.string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("16 KiB"));
  EXPECT_THAT(outcome.output, HasSubstr("proved"));
  EXPECT_THAT(outcome.output, HasSubstr("nothing fits into"));
  EXPECT_TRUE(std::filesystem::exists(folder / "buffers.html"));
  std::filesystem::remove_all(folder);
}

TEST(HwflowFuseBuffers, ListsAllThatIsWrong) {
  const Outcome outcome = run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--buffer",
                                      "8000", "--buffers", "32KB", "--objective", "speed"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--buffers: and --buffer are both given"));
  EXPECT_THAT(outcome.errors, HasSubstr("unknown unit 'KB'"));
  EXPECT_THAT(outcome.errors, HasSubstr("--objective"));
  const Outcome step =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--buffer-step", "0.1"});
  EXPECT_EQ(step.exit_code, 2);
  EXPECT_THAT(step.errors, HasSubstr("--buffer-step"));
}

TEST(HwflowFuseBuffers, ExitsWithThreeWhereNothingFits) {
  const Outcome outcome = run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--buffers",
                                      "8,16", "--max-evaluations", "500"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.errors, HasSubstr("conv1"));
}

}  // namespace
}  // namespace hwflow::cli
