#include "report/fault_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/format.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::elements_of;
using testing::HasSubstr;
using testing::Not;

FaultRate rate_of(std::int64_t faults, double rate) {
  return {.faults = faults,
          .inferences = 10 * faults,
          .rate = rate,
          .low = rate / 2,
          .high = std::min(1.0, 2 * rate + 0.01),
          .masked = 0.25};
}

/// One layer of each kind: large and zero; none drawn, and absent.
FaultMap map_of() {
  return {.site = "weights",
          .layers = {"conv1", "fc"},
          .bits = 2,
          .cells = {rate_of(20, 0.0), rate_of(30, 0.875), rate_of(0, 0.0), std::nullopt}};
}

FaultReport report_of() {
  FaultReport report{.network = "net",
                     .model = "net.safetensors",
                     .data = "cifar10",
                     .version = "1.0",
                     .seed = 7,
                     .conditions = "8/8 bits; flip of weights",
                     .images = 500,
                     .fault_free_accuracy = 0.9025,
                     .faulty_accuracy = 0.875,
                     .confidence = 0.99,
                     .population = 2'146'688,
                     .all = rate_of(1234, 0.0625)};
  report.inferences_per_second = 12'345.6;
  report.by_layer = {{"conv1", rate_of(20, 0.125)}, {"fc", rate_of(0, 0.0)}};
  report.by_bit = {{"bit 7", rate_of(30, 0.5)}};
  report.maps = {map_of()};
  report.worst = {{"flip weights 5 of conv1, bits 0x80", rate_of(1, 1.0)}};
  report.files = {"faults.jsonl"};
  return report;
}

std::string card(const std::string& number, const std::string& text) {
  return "<b>" + number + "</b><span>" + text;
}

TEST(FaultPage, TellsTheRateItsIntervalAndWhatWasCounted) {
  const std::string page = fault_page(report_of());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, HasSubstr("net: injected faults"));
  EXPECT_THAT(page, HasSubstr("seed 7"));
  // 0.0625, half of it, and twice it plus 0.01
  EXPECT_THAT(page, HasSubstr(card("6.25 %",
                                   "of faulty inferences change their class, or crash (99 % "
                                   "interval 3.12 % to 13.50 %)")));
  EXPECT_THAT(page, HasSubstr(card("25.0 %", "are masked")));
  EXPECT_THAT(page, HasSubstr(card(count_text(1234),
                                   "faults of " + count_text(2'146'688) + ", each on 500 images")));
  EXPECT_THAT(page, HasSubstr(card("90.25 %", "accuracy without faults")));
  EXPECT_THAT(page, HasSubstr(card("87.50 %", "accuracy with one fault")));
  EXPECT_THAT(page, HasSubstr(card(count_text(12'345), "faulty inferences a second")));
  EXPECT_THAT(page, HasSubstr("<td class=\"left\">conv1</td><td>20</td><td>200</td><td>12.50 %</td>"
                              "<td>6.25 %</td><td>26.00 %</td><td>25.00 %</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"left\">fc</td><td>0</td><td>0</td><td>-</td><td>-</td>"
                              "<td>-</td><td>-</td>"))
      << "of what no fault was drawn nothing is known";
  EXPECT_THAT(page, HasSubstr("<h2>Worst faults</h2>"));
  EXPECT_THAT(page, HasSubstr("<li>faults.jsonl</li>"));
}

TEST(FaultPage, TellsCrashesAndTheTopFiveWhereThereAreAny) {
  FaultReport report = report_of();
  EXPECT_THAT(fault_page(report), Not(HasSubstr("<b>0.00 %</b><span>crash")));
  report.crashed = 0.015;
  report.top5_changed = 0.02;
  const std::string page = fault_page(report);
  EXPECT_THAT(page, HasSubstr(card("1.50 %", "crash")));
  EXPECT_THAT(page, HasSubstr(card("2.00 %", "lose their class from the five highest")));
}

/// A list that somebody chose stands for no other faults.
TEST(FaultPage, AReplayHasNoInterval) {
  FaultReport report = report_of();
  report.replayed = true;
  const std::string page = fault_page(report);
  EXPECT_THAT(page,
              HasSubstr(card("6.25 %", "of faulty inferences change their class, or crash<")));
  EXPECT_THAT(page, HasSubstr(card(count_text(1234), "faults of a list, each on 500 images")));
}

TEST(FaultPage, StandsHostileTexts) {
  const std::string hostile = "<b>&\"'\x01\xff</b>";
  FaultReport report = report_of();
  report.network = report.model = report.data = report.version = report.conditions = hostile;
  report.by_site = report.by_layer = report.by_bit = report.worst = {{hostile, rate_of(3, 0.5)}};
  report.files = {hostile};
  report.maps[0].site = hostile;
  report.maps[0].layers = {hostile, hostile};
  report.curve = {{.bit_rate = 1e-5, .upsets = 2.0, .rate = rate_of(9, 0.1), .accuracy = 0.5}};
  report.scales = {{.site = hostile, .rows = {{.name = hostile}}, .rank_correlation = 0.5}};
  const std::string page = fault_page(report);
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<b>&")));
}

TEST(FaultPage, ScalesStandBesideWhatWasMeasured) {
  FaultReport report = report_of();
  report.scales = {{.site = "weights",
                    .rows = {{.name = "conv1",
                              .bits = 8,
                              .scale = 0.01,
                              .spread = 0.2,
                              .sum_scale = 3e-4,
                              .damage = 1.5,
                              .measured = rate_of(20, 0.125)},
                             {.name = "fc", .bits = 4, .scale = 0.5, .spread = 0.0}},
                    .rank_correlation = 0.756}};
  const std::string page = fault_page(report);
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, HasSubstr("Rank correlation of the two: 0.76."));
  // 0.01 / 0.2
  EXPECT_THAT(page, HasSubstr("<td class=\"left\">conv1</td><td>8</td><td>0.01</td><td>0.2</td>"
                              "<td>0.05</td><td>0.0003</td><td>1.5</td><td>12.50 % (6.25 to "
                              "26.00)</td>"));
  EXPECT_THAT(page, HasSubstr("<td>-</td>")) << "not in this campaign";
  EXPECT_THAT(page, HasSubstr("<th>unit of a sum</th>"));
  report.scales[0].rows[0].sum_scale = 0.0;
  report.scales[0].rank_correlation.reset();
  const std::string activations = fault_page(report);
  EXPECT_THAT(activations, Not(HasSubstr("<th>unit of a sum</th>")));
  EXPECT_THAT(activations, Not(HasSubstr("Rank correlation")));
}

TEST(FaultMap, CellsTellZeroFromUnknownFromAbsent) {
  const std::string svg = fault_map_chart(map_of());
  EXPECT_EQ(report_test::markup_problem(svg), "");
  EXPECT_EQ(count_class(svg, "rect", "grid-cell"), 1) << "zero";
  EXPECT_EQ(count_class(svg, "rect", "bits"), 1) << "failures";
  EXPECT_EQ(count_class(svg, "line", "grid"), 1) << "none drawn";
  EXPECT_EQ(count_class(svg, "rect", "b8"), 1) << "87.5 % is above all bounds";
  EXPECT_EQ(count_class(svg, "text", "dark"), 1);
  EXPECT_THAT(svg, HasSubstr("conv1, bit 1: 87.50 % (43.75 to 100.00) of 30 faults"));
  EXPECT_THAT(svg, HasSubstr("conv1, bit 0: 0.00 % (0.00 to 1.00) of 20 faults"));
  EXPECT_THAT(svg, HasSubstr(">88</text>"));
}

TEST(FaultMap, DarkerCellsFailMoreAndSmallRatesKeepADigit) {
  FaultMap map{.site = "weights", .layers = {"a"}, .bits = 4, .cells = {}};
  for (const double rate : {0.00005, 0.0042, 0.052, 0.52}) map.cells.push_back(rate_of(9, rate));
  const std::string svg = fault_map_chart(map);
  std::vector<std::string> classes;
  for (const auto& element : elements_of(svg))
    if (element.name == "rect" && element.attribute("class").starts_with("bits"))
      classes.push_back(element.attribute("class"));
  EXPECT_THAT(classes, testing::ElementsAre("bits b1", "bits b3", "bits b5", "bits b7"));
  for (const char* text : {">&lt;.01</text>", ">0.42</text>", ">5.2</text>", ">52</text>"})
    EXPECT_THAT(svg, HasSubstr(text));
}

TEST(FaultMap, StandsALayerWithoutCells) {
  const std::string svg =
      fault_map_chart({.site = "scales", .layers = {"add"}, .bits = 1, .cells = {std::nullopt}});
  EXPECT_EQ(report_test::markup_problem(svg), "");
  EXPECT_EQ(count_class(svg, "rect", "grid-cell") + count_class(svg, "rect", "bits"), 0);
  EXPECT_THAT(svg, HasSubstr("add"));
}

std::vector<FaultPoint> curve_of(const std::vector<std::pair<double, double>>& points) {
  std::vector<FaultPoint> curve;
  for (const auto& [bit_rate, failures] : points)
    curve.push_back({.bit_rate = bit_rate,
                     .upsets = 1e6 * bit_rate,
                     .rate = rate_of(100, failures),
                     .accuracy = 0.9 - failures});
  return curve;
}

TEST(FaultCurve, RisesAndHasAPointAndABarForEachRate) {
  const std::string svg = fault_curve_chart(curve_of({{1e-7, 0.01}, {1e-6, 0.1}, {1e-5, 0.9}}));
  EXPECT_EQ(report_test::markup_problem(svg), "");
  std::vector<double> x, y;
  for (const auto& element : elements_of(svg))
    if (element.name == "circle") {
      x.push_back(std::stod(element.attribute("cx")));
      y.push_back(std::stod(element.attribute("cy")));
    }
  ASSERT_EQ(x.size(), 3U);
  EXPECT_NEAR(x[1] - x[0], x[2] - x[1], 0.2) << "a decade is as wide as another";
  EXPECT_GT(y[0], y[1]);
  EXPECT_GT(y[1], y[2]);
  EXPECT_EQ(count_class(svg, "line", "front-error"), 3);
  EXPECT_THAT(svg, HasSubstr("bit rate 1e-06: 10.00 % (5.00 to 21.00), 1000 inferences"));
}

/// No point at zero: the upper end of the interval, an arrow down from it, and words.
TEST(FaultCurve, ZeroFailuresAreDrawnAsABound) {
  const std::string svg = fault_curve_chart(curve_of({{1e-7, 0.0}, {1e-6, 0.1}, {1e-5, 0.5}}));
  EXPECT_EQ(report_test::markup_problem(svg), "");
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("\"inf")));
  std::vector<double> x;
  double lowest = 0.0, bound = 360.0;
  for (const auto& element : elements_of(svg)) {
    if (element.name == "circle") x.push_back(std::stod(element.attribute("cx")));
    if (element.name == "circle") lowest = std::max(lowest, std::stod(element.attribute("cy")));
    // The bar at the bound is level.
    if (element.name == "line" && element.attribute("class") == "front-error" &&
        element.attribute("y1") == element.attribute("y2"))
      bound = std::stod(element.attribute("y1"));
  }
  EXPECT_EQ(x.size(), 2U) << "nothing but the rates that are known";
  EXPECT_GT(bound, lowest) << "at 1 %, below the point at 10 %";
  EXPECT_LT(bound, 360.0);
  EXPECT_THAT(svg, HasSubstr("none failed: below 1.00 %"));
  EXPECT_EQ(report_test::markup_problem(fault_curve_chart(curve_of({{1e-7, 0.0}}))), "");
  EXPECT_EQ(fault_curve_chart({}), "");
}

TEST(FaultRateText, HasItsInterval) {
  EXPECT_EQ(fault_rate_text({.faults = 9, .rate = 0.0052, .low = 0.0031, .high = 0.0087}),
            "0.52 % (0.31 to 0.87)");
  EXPECT_EQ(fault_rate_text({}), "-");
}

}  // namespace
}  // namespace hwflow::report
