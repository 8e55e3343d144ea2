#include "cli/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow::cli {
namespace {

TEST(Log, LinesHaveDateAndTime) {
  testing::internal::CaptureStderr();
  const Log log(true);
  log.write("search 1/4 {} 100 %");
  log.write("done");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::MatchesRegex("[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+.[0-9]+ "
                                    "search 1/4 \\{\\} 100 %\n"
                                    "[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+.[0-9]+ done\n"));
}

TEST(Log, WritesNothingUnlessAsked) {
  testing::internal::CaptureStderr();
  Log().write("search");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace hwflow::cli
