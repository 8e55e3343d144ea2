#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/format.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(DetailsSection, TableShowsBothAccuraciesAndTheirErrors) {
  auto result = report_test::fake_result();
  result.plans[3].test_fake_quantized = train::AccuracyEstimate{9000, 10000};
  result.plans[3].test_integer.reset();
  const std::string html = plans_section(result);
  EXPECT_THAT(html, HasSubstr("<td>90.00 \u00b1 0.30 %</td><td>-</td>"));
  EXPECT_EQ(report_test::count_class(html, "tr", "base"), 3);
}

TEST(DetailsSection, TableSaysWhetherThePlansWereFineTuned) {
  auto result = report_test::fake_result();
  EXPECT_THAT(plans_section(result), HasSubstr("after 2 epochs of quantization-aware fine-tuning"));
  result.finetune_epochs = 0;
  EXPECT_THAT(plans_section(result), HasSubstr("calibrated networks, without any fine-tuning"));
  EXPECT_THAT(plans_section(result), Not(HasSubstr("quantization-aware")));
}

TEST(DetailsSection, TableShowsMacsWherePlansDifferInThem) {
  auto result = report_test::fake_result();
  EXPECT_THAT(plans_section(result), Not(HasSubstr("MAC")));
  result.evaluated[result.plans[3].evaluated].hardware.macs = 25'344'400;
  EXPECT_THAT(plans_section(result), HasSubstr("<th>model</th><th>MACs</th></tr>"));
  EXPECT_THAT(plans_section(result), HasSubstr("<td>25.3 MMAC</td></tr>"));
}

TEST(DetailsSection, PairedTestsAreInPoints) {
  auto result = report_test::fake_result();
  result.paired_tests = {{3, 0, 9010, 71, 83, 836, -0.0012, -0.0036, 0.0012, 0.376}};
  EXPECT_THAT(plans_section(result),
              HasSubstr("<td class=\"left\">uniform 8/8</td><td>-0.12</td><td>-0.36 to +0.12</td>"
                        "<td>0.376</td><td>71</td><td>83</td>"));
  result.paired_tests.clear();
  EXPECT_THAT(plans_section(result), Not(HasSubstr("McNemar")));
}

TEST(DetailsSection, EveryLayerHasItsLoopNest) {
  auto result = report_test::fake_result();
  result.plans.resize(1);
  result.headline.reset();
  result.plans[0].layers[2].loop_nest = "for k in 0..<4>";
  const std::string html = details_section(result);
  EXPECT_EQ(report_test::markup_problem(html), "");
  EXPECT_THAT(html, HasSubstr("<pre>for k in 0..&lt;4&gt;</pre>"));
  const auto elements = report_test::elements_of(html);
  const auto folded = std::count_if(elements.begin(), elements.end(),
                                    [](const auto& element) { return element.name == "pre"; });
  EXPECT_EQ(folded, static_cast<std::ptrdiff_t>(result.plans[0].layers.size()));
}

TEST(DetailsSection, ProofOrGapOfEveryMapping) {
  const auto result = report_test::fake_result();
  const std::string html = details_section(result);
  EXPECT_THAT(html, HasSubstr("<td>optimal</td>"));
  EXPECT_THAT(html, HasSubstr("<td>gap 1.3 %</td>"));
}

TEST(DetailsSection, RunHasWhatRepeatsIt) {
  const auto result = report_test::fake_result();
  const std::string html = run_section(result);
  for (const std::string& text : {std::string("<dt>seed</dt><dd>7</dd>"), result.config_hash,
                                  std::string("<dt>training code</dt><dd>5a1c09e4d7b3f286</dd>"),
                                  std::string("<dt>hardware code</dt><dd>e07d44b1926c38fa</dd>"),
                                  result.config_yaml, result.started, result.run_id}) {
    EXPECT_THAT(html, HasSubstr(text));
  }
  EXPECT_THAT(html, HasSubstr("mapping 41.2 s, search 513 s"));
}

TEST(DetailsSection, FusedPlansShowGroupsAndNoMappingsOfTheirLayers) {
  auto result = report_test::fused_result();
  result.plans.resize(1);
  result.headline.reset();
  const std::string html = details_section(result);
  EXPECT_EQ(report_test::markup_problem(html), "");
  EXPECT_THAT(html, HasSubstr("<h2>Group by group</h2>"));
  EXPECT_THAT(html, HasSubstr("<td>4 x 32, 2 parts</td>"));
  EXPECT_THAT(html, HasSubstr("halos retained, bands of rows, weights: 1 of 2 stay"));
  EXPECT_THAT(html, HasSubstr("mapped by itself"));
  EXPECT_THAT(html, HasSubstr("<h3>Layers by themselves</h3>"));
  const auto elements = report_test::elements_of(html);
  EXPECT_EQ(std::count_if(elements.begin(), elements.end(),
                          [](const auto& element) { return element.name == "pre"; }),
            1);  // the mapping of layer 4
  EXPECT_THAT(run_section(result), HasSubstr("<dt>schedule</dt><dd>fused</dd>"));
}

/// One of five plans removes channels: 16 channels of conv1 became 8.
TEST(DetailsSection, PlansThatRemoveChannelsSayHowManyOfEveryLayerStay) {
  const auto result = report_test::pruned_result();
  const std::string html = details_section(result);
  EXPECT_EQ(report_test::markup_problem(html), "");
  const auto first = html.find("kept / whole");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(html.find("kept / whole", first + 1), std::string::npos);
  // conv1 left has 8 * 3 * 9 * 1,024 MACs.
  EXPECT_THAT(html, HasSubstr("<td>8 / 16</td><td>" + count_text(221'184) + "</td>"));
  EXPECT_THAT(html, HasSubstr("<td>10 / 10</td>"));
  EXPECT_THAT(html, HasSubstr("What is left of the network"));
}

TEST(DetailsSection, PlansThatKeepAllChannelsSayNothingOfThem) {
  const std::string html = details_section(report_test::fake_result());
  EXPECT_THAT(html, Not(HasSubstr("channels")));
  EXPECT_THAT(html, Not(HasSubstr("What is left")));
}

TEST(DetailsSection, StandsHostileTextsOfGroups) {
  EXPECT_EQ(report_test::markup_problem(details_section(report_test::hostile_fused_result())), "");
}

}  // namespace
}  // namespace hwflow::report
