#include "cli/progress_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace hwflow::cli {
namespace {

TEST(ProgressText, TellsHowFarAndHowLong) {
  // 120 of 340 plans in 30 s: 0.25 s each, 220 left.
  EXPECT_EQ(progress_text({"search", 120, 340, "generation 2 of 10", {}}, 30.0),
            "search 120/340, 30 s, about 55 s left: generation 2 of 10");
}

TEST(ProgressText, ThePhasesOwnEstimateGoesFirst) {
  EXPECT_EQ(progress_text({"finish", 1, 4, "knee: 0.50 of 2 epochs", 90.0}, 400.0),
            "finish 1/4, 400 s, about 90 s left: knee: 0.50 of 2 epochs");
}

TEST(ProgressText, GuessesNothing) {
  EXPECT_EQ(progress_text({"search", 0, 340, "seeds", {}}, 3.0), "search 0/340, 3 s: seeds");
  EXPECT_EQ(progress_text({"export", 1, 4, "", {}}, 3.0), "export 1/4, 3 s");
  EXPECT_EQ(progress_text({"mapping", 5, 0, "", {}}, 1.0), "mapping, 1 s");
}

TEST(ProgressLine, ALogGetsNoLineForShortWorkAndNoneWhenQuiet) {
  testing::internal::CaptureStderr();
  for (const bool quiet : {false, true}) {
    ProgressLine line(quiet);
    for (int i = 0; i < 100; ++i) line.show({"search", i, 100, "", {}});
    line.close();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(ProgressLine, ALogGetsALineForEveryPhaseThatBegins) {
  testing::internal::CaptureStderr();
  ProgressLine line(false, Log(true));
  for (const char* phase : {"mapping", "search", "finish"}) {
    for (int i = 0; i < 100; ++i) line.show({phase, i, 100, "", {}});
  }
  line.close();
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << lines;
  EXPECT_NE(lines.find(" search 0/100, 0 s\n"), std::string::npos) << lines;
}

}  // namespace
}  // namespace hwflow::cli
