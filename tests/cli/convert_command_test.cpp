#include "cli/convert_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string data(const std::string& file) {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/tests/data/timeloop/" + file;
}

std::string recorded_machine() { return data("e168.arch.yaml") + "," + data("e168.ert.yaml"); }

json evaluated(const std::string& layer, const std::string& machine, const std::string& mapping) {
  const Outcome outcome = run_hwflow({"evaluate", layer, "--arch", machine, "--mapping", mapping,
                                      "--semantics", "timeloop", "--json", "-", "--quiet"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return outcome.exit_code == 0 ? json::parse(outcome.output)["total"] : json();
}

/// The recorded energy and cycles of TL20, from Timeloop's files and from each conversion of them.
TEST(HwflowConvert, EveryFormatGivesTheRecordedCost) {
  const std::string layer = data("k64c64p56r3u1.problem.yaml");
  const std::string mapping = data("TL20_rowstationary_r18_l2.map.yaml");
  for (const char* format : {"timeloop", "timeloop-0.3", "hwflow"}) {
    const TinyStudy folder;
    const std::string out = folder.folder().string();
    const Outcome outcome = run_hwflow({"convert", layer, "--arch", recorded_machine(), "--mapping",
                                        mapping, "--to", format, "--out", out});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    const json total = evaluated(out + "/layer.layer.yaml", out + "/accelerator.yaml",
                                 out + "/layer.mapping.yaml");
    EXPECT_EQ(total["cycles"], 688128) << format;
    EXPECT_NEAR(total["energy_pj"].get<double>(), 2608390144.0, 3.0) << format;
  }
}

/// Recorded as ZZ03: 2304990 cycles, from ZigZag's own files and from those that we write.
TEST(HwflowConvert, ZigZagFilesKeepTheRecordedCost) {
  const TinyStudy folder;
  const std::string out = folder.folder().string();
  const std::string zigzag = std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/tests/data/zigzag/";
  const std::string layer = zigzag + "ZZ01_l1_rs_fixA.workload.yaml";
  const std::string mapping = zigzag + "ZZ01_l1_rs_fixA.mapping.yaml";
  ASSERT_EQ(run_hwflow({"convert", "--arch", "e168bw", "--to", "zigzag", "--out", out}).exit_code,
            0);
  ASSERT_EQ(run_hwflow({"convert", layer, "--to", "zigzag", "--out", out}).exit_code, 0);
  const Outcome outcome = run_hwflow({"evaluate", out + "/ZZ01_l1_rs_fixA.layer.yaml", "--arch",
                                      out + "/accelerator.yaml", "--mapping", mapping,
                                      "--semantics", "zigzag", "--json", "-", "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(json::parse(outcome.output)["total"]["cycles"], 2304990);
}

TEST(HwflowConvert, NamesWhatAFormatCannotSayAndWritesTheRestOnRequest) {
  const Outcome strict = run_hwflow({"convert", "--arch", "bitfusion", "--to", "timeloop"});
  EXPECT_EQ(strict.exit_code, 2);
  EXPECT_THAT(strict.errors, HasSubstr("engine.kind: "));
  EXPECT_THAT(strict.errors, HasSubstr("--lossy writes the rest"));
  EXPECT_EQ(strict.output, "");
  const Outcome lossy =
      run_hwflow({"convert", "--arch", "bitfusion", "--to", "timeloop", "--lossy"});
  EXPECT_EQ(lossy.exit_code, 0);
  EXPECT_THAT(lossy.output, HasSubstr("architecture:"));
  EXPECT_THAT(lossy.errors, HasSubstr("not said: engine.kind"));
}

/// ZigZag's layers say the width of partial sums, our accelerators do.
TEST(HwflowConvert, NamesWidthsThatNetworkFilesDoNotHave) {
  const std::string zigzag = std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/tests/data/zigzag/";
  const Outcome outcome = run_hwflow({"convert", zigzag + "ZZ01_l1_rs_fixA.workload.yaml", "--arch",
                                      zigzag + "e168.yaml", "--to", "hwflow"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("partial sums: have 16 bits"));
}

TEST(HwflowConvert, RefusesWrongOptions) {
  const auto errors = [](const std::vector<std::string>& words) {
    const Outcome outcome = run_hwflow(words);
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.errors;
  };
  EXPECT_THAT(errors({"convert", "--to", "timeloop"}), HasSubstr("nothing to convert"));
  EXPECT_THAT(errors({"convert", "--arch", "e168"}), HasSubstr("--to"));
  EXPECT_THAT(errors({"convert", "--arch", "e168", "--to", "maestro"}),
              HasSubstr("no format 'maestro' (one of hwflow, timeloop"));
  EXPECT_THAT(errors({"convert", "--arch", "e168", "--mapping", "m.yaml", "--to", "hwflow"}),
              HasSubstr("--mapping: needs NETWORK and --arch"));
  EXPECT_THAT(
      errors({"convert", data("k4c2p8r3u1.problem.yaml"), "--batch", "2", "--to", "hwflow"}),
      HasSubstr("--batch: the file says the batch"));
  EXPECT_THAT(errors({"convert", data("d2.arch.yaml"), "--to", "hwflow"}), HasSubstr("schema"));
}

}  // namespace
}  // namespace hwflow::cli
