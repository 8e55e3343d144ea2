#include "cli/explain_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

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

TEST(HwflowExplain, KnowsEveryKindOfFile) {
  const std::map<std::string, std::string> keys{{"search.population", "study file"},
                                                {"levels.fanout.x", "accelerator file"},
                                                {"memories.*.leakage_mw", "energy-table file"},
                                                {"nodes.kernel", "network file"},
                                                {"nodes[].activation_alpha", "network file"},
                                                {"layers.mapping", "mapping file"},
                                                {"chip.bank_words", "validation file"}};
  for (const auto& [key, kind] : keys) {
    const Outcome outcome = run_hwflow({"explain", key});
    EXPECT_EQ(outcome.exit_code, 0) << key << "\n" << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr(kind)) << key;
  }
}

TEST(HwflowExplain, JsonSchemasAreJson) {
  for (const char* kind :
       {"study", "accelerator", "energy-table", "network", "mapping", "validation"}) {
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
