#include "cli/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using testing::HasSubstr;

TEST(Run, HelpAndVersionAreNoErrors) {
  const Outcome help = run_hwflow({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("map"));
  EXPECT_EQ(run_hwflow({"--version"}).exit_code, 0);
  EXPECT_EQ(run_hwflow({"map", "--help"}).exit_code, 0);
}

TEST(Run, AFailureOfTheWorldIsOne) {
  const Outcome outcome = run_hwflow({"list", "networks", "--quiet", "--json", "/dev/full"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("cannot write '/dev/full': No space left on device"));
}

TEST(Run, NamesThatAreNoUtf8AreWrittenAsJson) {
  const Outcome outcome = run_hwflow({"runs", "--json", "-", "--out", "no\xff"});
  EXPECT_EQ(outcome.exit_code, 2);  // and no exception of the JSON library
}

}  // namespace
}  // namespace hwflow::cli
