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
  const Outcome outcome =
      run_hwflow({"list", "networks", "--quiet", "--json", "/no/such/folder/file.json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("/no/such/folder/file.json"));
}

}  // namespace
}  // namespace hwflow::cli
