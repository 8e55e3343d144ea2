#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/plan_facts.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Costs of round numbers: pick 40 pJ, uniform 8/8 100 pJ, uniform 4/4 32 pJ.
study::CodesignResult round_numbers() {
  auto result = report_test::fake_result();
  const std::int64_t macs = result.evaluated[0].hardware.macs;  // of all plans
  result.evaluated[0].hardware = {100.0, 1000, 800, 400, macs};
  result.evaluated[1].hardware = {32.0, 500, 400, 200, macs};
  auto& pick = result.evaluated[result.plans[3].evaluated];
  pick.hardware = {40.0, 250, 800, 100, macs};
  pick.accuracy = {4550, 5000};
  result.evaluated[0].accuracy = {4600, 5000};
  result.headline = study::Saving{3, 0, 0.6, 0.75, 0.0, 0.75};
  return result;
}

TEST(SummarySection, CardsHoldTheHeadline) {
  const std::string html = headline_section(round_numbers());
  EXPECT_THAT(html, HasSubstr("<b>60.0 % less</b><span>energy than uniform 8/8</span>"));
  EXPECT_THAT(html, HasSubstr("<b>75.0 % less</b><span>latency than uniform 8/8</span>"));
  EXPECT_THAT(html, HasSubstr("within 0.5 points of the float accuracy"));
}

TEST(SummarySection, SavingsAgainstEveryUniformBaseline) {
  const std::string html = headline_section(round_numbers());
  // 1 - 40/100, 1 - 250/1000, 1 - 800/800, 1 - 100/400; (4550 - 4600)/5000 = -1 point.
  EXPECT_THAT(html, HasSubstr("<td>uniform 8/8</td><td>60.0 % less</td><td>75.0 % less</td>"
                              "<td>0.0 % less</td><td>75.0 % less</td><td>-1.00 points</td>"));
  // 40/32 - 1 = 25 % more, 1 - 250/500, 800/400 - 1, 1 - 100/200.
  EXPECT_THAT(html, HasSubstr("<td>uniform 4/4</td><td>25.0 % more</td><td>50.0 % less</td>"
                              "<td>100.0 % more</td><td>50.0 % less</td>"));
}

/// 1 - 300/1000; of 400 of uniform 4/4, 1 - 300/400.
TEST(SummarySection, SavingsInMacsWherePlansDifferInThem) {
  auto result = round_numbers();
  result.headline->macs = 0.7;
  EXPECT_THAT(headline_section(result), Not(HasSubstr("MACs than")));
  EXPECT_THAT(headline_section(result), Not(HasSubstr("<th>MACs</th>")));
  result.evaluated[0].hardware.macs = 1000;
  result.evaluated[1].hardware.macs = 400;
  result.evaluated[result.plans[3].evaluated].hardware.macs = 300;
  const std::string html = headline_section(result);
  EXPECT_THAT(html, HasSubstr("<b>70.0 % less</b><span>MACs than uniform 8/8</span>"));
  EXPECT_THAT(html, HasSubstr("<th>model size</th><th>MACs</th><th>search accuracy</th>"));
  EXPECT_THAT(html, HasSubstr("<td>75.0 % less</td><td>70.0 % less</td><td>-1.00 points</td>"));
  EXPECT_THAT(html, HasSubstr("<td>50.0 % less</td><td>25.0 % less</td><td>"));
}

TEST(SummarySection, TheHeadlineHasItsPairedComparison) {
  auto result = report_test::fake_result();
  EXPECT_THAT(headline_section(result),
              HasSubstr("<b>-0.12 points</b><span>test accuracy against uniform 8/8, 95 % interval "
                        "-0.36 to +0.12</span>"));
  EXPECT_THAT(headline_section(result), HasSubstr("<p>" + headline_accuracy(result) + "</p>"));
  result.paired_tests.clear();
  EXPECT_THAT(headline_section(result), Not(HasSubstr("95 % interval")));
}

TEST(SearchSection, HasAChartForEveryCostThatTheStudyMinimises) {
  auto result = report_test::fake_result();
  using study::Objective;
  const auto charts = [&] {
    std::vector<std::string> titles;
    const std::string html = search_section(result), mark = "aria-label=\"Search accuracy against ";
    for (std::size_t at = html.find(mark); at != std::string::npos; at = html.find(mark, at + 1)) {
      const std::size_t from = at + mark.size();
      titles.push_back(html.substr(from, html.find('"', from) - from));
    }
    return titles;
  };
  using testing::ElementsAre;
  EXPECT_THAT(charts(), ElementsAre("energy", "latency", "model size"));
  EXPECT_THAT(search_section(result),
              HasSubstr("Search accuracy against model size. The search did not minimise it."));
  result.objectives = {Objective::accuracy, Objective::dram};
  EXPECT_THAT(charts(), ElementsAre("DRAM traffic", "energy", "latency", "model size"));
  result.objectives = {Objective::model_size, Objective::accuracy, Objective::dram,
                       Objective::energy};
  EXPECT_THAT(charts(), ElementsAre("model size", "DRAM traffic", "energy", "latency"));
  result.evaluated[1].hardware.macs /= 2;
  EXPECT_THAT(charts(), ElementsAre("model size", "DRAM traffic", "energy", "latency", "MACs"));
  result.objectives = {Objective::accuracy, Objective::macs};
  EXPECT_THAT(charts(), ElementsAre("MACs", "energy", "latency", "model size"));
}

TEST(SummarySection, WarnsOfOptimisticAccuracies) {
  auto result = report_test::fake_result();
  EXPECT_THAT(headline_section(result), Not(HasSubstr("optimistic")));
  result.search_caveat = "optimistic <maybe>";
  EXPECT_THAT(headline_section(result), HasSubstr("<p><b>optimistic &lt;maybe&gt;</b></p>"));
}

TEST(SummarySection, ClaimsNothingWithoutAHeadline) {
  auto result = round_numbers();
  result.headline.reset();
  const std::string html = headline_section(result);
  EXPECT_THAT(html, HasSubstr("there is no headline saving"));
  EXPECT_THAT(html, Not(HasSubstr("energy than")));
}

TEST(SummarySection, SaysWhichAccuracyItShows) {
  auto result = round_numbers();
  result.plans[3].test_integer = train::AccuracyEstimate{9000, 10000};
  EXPECT_THAT(headline_section(result), HasSubstr("<b>90.00 \u00b1 0.30 %</b><span>test accuracy, "
                                                  "integer arithmetic"));
  result.plans[3].test_integer.reset();
  EXPECT_THAT(headline_section(result), HasSubstr("test accuracy, fake-quantized"));
  result.plans[3].test_fake_quantized.reset();
  EXPECT_THAT(headline_section(result), HasSubstr("the pick was not measured on the test set"));
}

}  // namespace
}  // namespace hwflow::report
