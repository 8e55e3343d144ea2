#include "report/flip_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::markup_problem;
using testing::HasSubstr;
using testing::Not;

FlipReport report_of() {
  FlipReport report{.network = "net<1>",
                    .model = "net.safetensors",
                    .data = "cifar10",
                    .version = "1.0",
                    .seed = 7,
                    .conditions = "untargeted & more",
                    .clean_accuracy = 0.9125,
                    .clean_loss = 0.25,
                    .images = 10'000,
                    .population = 2'146'688};
  report.flips = {{"conv1", 12, 7, 3, -125, 1.5, 0.5, 0.0}, {"fc", 4, 7, -128, 0, 2.5, 0.125, 0.0}};
  report.random = {{0.9125, 0.90}, {0.91, 0.80}};
  report.files = {"faults.jsonl"};
  return report;
}

TEST(FlipPage, TellsEveryFlipAndTheMeanOfRandomOnes) {
  const std::string page = flip_page(report_of());
  EXPECT_THAT(page, HasSubstr("net&lt;1&gt;"));
  EXPECT_THAT(page, HasSubstr("untargeted &amp; more"));
  for (const char* said : {"<b>91.25 %</b>", "<b>12.50 %</b>", "<b>85.00 %</b>",
                           "<td class=\"left\">conv1</td><td>12</td><td>7</td><td>3</td><td>-125"
                           "</td><td>1.5000</td><td>50.00 %</td>",
                           "<li>faults.jsonl</li>"})
    EXPECT_THAT(page, HasSubstr(said));
  EXPECT_THAT(page, Not(HasSubstr("taken for")));
  EXPECT_EQ(markup_problem(page), "");
}

TEST(FlipPage, OfATargetTellsHowManyAreTakenForIt) {
  FlipReport report = report_of();
  report.target = "class 3";
  report.flips.back().moved = 0.75;
  const std::string page = flip_page(report);
  EXPECT_THAT(page, HasSubstr("<b>75.00 %</b><span>are taken for class 3"));
  EXPECT_THAT(page, HasSubstr("<td>75.00 %</td></tr>"));
}

TEST(FlipPage, TheCurveHasAPointForEveryFlipAndALineForEveryRun) {
  const std::string chart = flip_curve_chart(report_of());
  EXPECT_EQ(count_class(chart, "circle", "front"), 3);  // no flip, and two
  EXPECT_EQ(count_class(chart, "polyline", "outline"), 2);
  EXPECT_EQ(count_class(chart, "polyline", "front-line"), 1);
}

TEST(FlipPage, WithoutFlipsThereIsStillAPage) {
  FlipReport report = report_of();
  report.flips.clear();
  report.random.clear();
  EXPECT_THAT(flip_page(report), HasSubstr("91.25 %"));
}

}  // namespace
}  // namespace hwflow::report
