#include "report/prune_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The whole network and a half of its channels, by the report of a search.
study::CodesignResult two_plans() {
  study::CodesignResult result = report_test::pruned_result();
  result.plans = {result.plans[0], result.plans[3]};
  result.evaluated[result.plans[kWholePlan].evaluated].hardware = {8e6, 3000, 80'000, 1, 900};
  result.evaluated[result.plans[kPrunedPlan].evaluated].hardware = {2e6, 2000, 60'000, 1, 300};
  return result;
}

PruneReport report_of(const study::CodesignResult& result) {
  return {.result = result,
          .chosen_by = "uniform, a share of <0.5>",
          .conditions = "accuracies in float",
          .whole = {9400, 10'000},
          .untrained = {7000, 10'000},
          .trained = train::AccuracyEstimate{9250, 10'000},
          .epochs = 3,
          .files = {"a&b.onnx"}};
}

TEST(PrunePage, TellsWhatIsSavedAndWhatItCosts) {
  const study::CodesignResult result = two_plans();
  const std::string page = prune_page(report_of(result));
  EXPECT_EQ(report_test::markup_problem(page), "");
  const auto card = [](const std::string& number, const std::string& text) {
    return "<b>" + number + "</b><span>" + text + "</span>";
  };
  EXPECT_THAT(page, HasSubstr(card("4.00x", "less energy")));
  EXPECT_THAT(page, HasSubstr(card("1.50x", "less latency")));
  EXPECT_THAT(page, HasSubstr(card("3.00x", "fewer MACs")));
  // sqrt(0.925 * 0.075 / 10,000) = 0.0026
  EXPECT_THAT(page, HasSubstr(card("92.50 \u00b1 0.26 %", "test accuracy, trained for 3 epochs")));
  EXPECT_THAT(page, HasSubstr("test accuracy, channels removed"));
  EXPECT_THAT(page, HasSubstr("channels by uniform, a share of &lt;0.5&gt;"));
  EXPECT_THAT(page, HasSubstr("<li>a&amp;b.onnx</li>"));
  EXPECT_THAT(page, HasSubstr("What is left of the network"));
  // conv1 keeps 8 of 16 channels and half of its 442,368 MACs.
  EXPECT_THAT(page, HasSubstr("<td class=\"left\">conv1</td><td>8</td><td>16</td><td>221\u202f184"
                              "</td><td>50.0 %</td>"));
}

TEST(PrunePage, SaysNothingOfATrainingThatWasNot) {
  const study::CodesignResult result = two_plans();
  PruneReport report = report_of(result);
  report.trained.reset();
  report.files.clear();
  const std::string page = prune_page(report);
  EXPECT_THAT(page, Not(HasSubstr("trained for")));
  EXPECT_THAT(page, Not(HasSubstr("<h2>Files</h2>")));
}

}  // namespace
}  // namespace hwflow::report
