#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/format.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::pruned_result;
using testing::HasSubstr;
using testing::Not;

std::string cells(const std::string& what, const std::string& before, const std::string& after,
                  const std::string& left) {
  return "<tr><td>" + what + "</td><td>" + before + "</td><td>" + after + "</td><td>" + left +
         "</td></tr>";
}

// By hand, ResNet-20. Channels: 16 + 6 * (16 + 32 + 64) + 10 = 698, left 8 + 6 * 56 + 10 = 354.
// MACs: conv1 442,368 and fc 640 halve, the other 40,108,032 go to a quarter: 10,248,512.
// Parameters: (432 + 640) / 2 + 10 + 267,264 / 4 and norms of 2 * 344.
TEST(PruningSection, TotalsAreOfTheWholeNetworkAndOfWhatIsLeft) {
  const std::string html = pruning_section(pruned_result(), 3, 0);
  EXPECT_EQ(report_test::markup_problem(html), "");
  EXPECT_THAT(html, HasSubstr(cells("channels", "698", "354", "50.7 %")));
  EXPECT_THAT(html,
              HasSubstr(cells("MACs", count_text(40'551'040), count_text(10'248'512), "25.3 %")));
  EXPECT_THAT(html,
              HasSubstr(cells("parameters", count_text(269'722), count_text(68'050), "25.2 %")));
}

TEST(PruningSection, CostsAreThoseOfTheReferenceAndOfThePlan) {
  auto result = pruned_result();
  result.accelerator.clock_mhz = 100.0;
  result.evaluated[result.plans[0].evaluated].hardware = {8e6, 1000, 80'000, 1};
  result.evaluated[result.plans[3].evaluated].hardware = {2e6, 500, 60'000, 1};
  const std::string html = pruning_section(result, 3, 0);
  EXPECT_THAT(html, HasSubstr(cells("energy", "8.00 \u00b5J", "2.00 \u00b5J", "25.0 %")));
  EXPECT_THAT(html, HasSubstr(cells("latency", "10.0 \u00b5s", "5.00 \u00b5s", "50.0 %")));
  EXPECT_THAT(html, HasSubstr(cells("DRAM traffic", "10.0 kB", "7.50 kB", "75.0 %")));
  EXPECT_THAT(html, HasSubstr("Costs of the whole network are those of uniform 8/8"));
  EXPECT_THAT(html, HasSubstr("so widths count, too"));
  auto& widths = result.evaluated[result.plans[3].evaluated].plan.layers;
  widths = result.evaluated[result.plans[0].evaluated].plan.layers;
  EXPECT_THAT(pruning_section(result, 3, 0), Not(HasSubstr("so widths count, too")));
  result.energy_components.clear();
  EXPECT_THAT(pruning_section(result, 3, 0), Not(HasSubstr("<td>energy</td>")));
}

TEST(PruningSection, WithoutAReferenceCostsOfTheWholeNetworkAreNotTold) {
  const std::string html = pruning_section(pruned_result(), 3, 3);
  EXPECT_THAT(html, HasSubstr("<td>energy</td><td>-</td>"));
  EXPECT_THAT(html, Not(HasSubstr("uniform")));
  EXPECT_THAT(html, HasSubstr("<figure>"));
}

TEST(PruningSection, IsForPlansThatRemoveChannelsOnly) {
  EXPECT_EQ(pruning_section(pruned_result(), 0, 0), "");
  EXPECT_EQ(pruning_section(pruned_result(), 4, 0), "");
  EXPECT_EQ(pruning_section(report_test::fake_result(), 3, 0), "");
}

TEST(PruningSection, StandsHostileTexts) {
  auto result = report_test::hostile_result();
  result.evaluated[result.plans[3].evaluated].plan.channels = {1};
  EXPECT_EQ(report_test::markup_problem(pruning_section(result, 3, 0)), "");
}

}  // namespace
}  // namespace hwflow::report
