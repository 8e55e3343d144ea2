#include "cli/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using testing::HasSubstr;

/// The command line of docs/design.md, as far as it is built: other tools call it.
TEST(Commands, EachHasTheOptionsOfEveryCommand) {
  for (const char* command : {"map", "evaluate", "convert", "validate", "runs", "explain"}) {
    const Outcome outcome = run_hwflow({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << command;
    for (const char* option : {"--seed", "--threads", "--out", "--json", "--quiet"}) {
      EXPECT_THAT(outcome.output, HasSubstr(option)) << command;
    }
  }
}

}  // namespace
}  // namespace hwflow::cli
