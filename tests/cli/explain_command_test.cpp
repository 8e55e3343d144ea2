#include "cli/explain_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(HwflowExplain, TellsTypeRangeAndDefault) {
  const Outcome outcome = run_hwflow({"explain", "search.population"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("study file"));
  EXPECT_THAT(outcome.output, HasSubstr("multiple of 4"));
}

TEST(HwflowExplain, JsonSchemasAreJson) {
  for (const char* kind : {"study", "accelerator", "energy-table"}) {
    const Outcome outcome = run_hwflow({"explain", "--json-schema", kind});
    ASSERT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(json::parse(outcome.output).contains("$schema")) << kind;
  }
}

TEST(HwflowExplain, WantsAKeyOrAKindOfFile) {
  const Outcome outcome = run_hwflow({"explain"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("explain needs a key or --json-schema"));
}

}  // namespace
}  // namespace hwflow::cli
