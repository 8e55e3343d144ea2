#include "report/harden_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::elements_of;
using testing::HasSubstr;
using testing::Not;

std::ptrdiff_t count_of(const std::string& text, const std::string& name) {
  if (text.empty()) return 0;
  return std::ranges::count_if(
      elements_of(text), [&](const report_test::Element& element) { return element.name == name; });
}

/// Two sites at two rates; the second network fails half as often, and never at the lower rate of
/// weights.
HardenReport report_of() {
  const auto row = [](const std::string& name, double times) {
    HardenedRow made{.name = name,
                     .file = name + ".safetensors",
                     .clean = 0.9,
                     .attacked = {{"8/255", {0.4, 0.35, 0.45}}},
                     .faulty = {},
                     .scales = {0.02 * times, 0.5}};
    for (const char* site : {"activations", "weights"}) {
      for (const double rate : {1e-4, 1e-3}) {
        const double share =
            times < 1.0 && rate < 5e-4 && site[0] == 'w' ? 0.0 : 40.0 * rate * times;
        made.faulty.push_back({.site = site,
                               .bit_rate = rate,
                               .upsets = 1e6 * rate,
                               .failures = {share, share / 2, 2 * share + 1e-4},
                               .accuracy = 0.9 - share,
                               .change = {}});
        if (times < 1.0) made.faulty.back().change = IntervalShare{times, 0.4, 0.62};
      }
    }
    return made;
  };
  return {.network = "net",
          .data = "cifar10",
          .version = "1.0",
          .conditions = "10 inferences",
          .training = "3 epochs",
          .rows = {row("before", 1.0), row("<hardened>", 0.5)},
          .scale_names = {"conv1 weights", "conv1 activations"},
          .files = {"a&b"}};
}

TEST(HardenPage, TellsEveryNumberOfEveryNetworkOnce) {
  const std::string page = harden_page(report_of());
  EXPECT_EQ(count_of(page, "table"), 3);
  EXPECT_EQ(count_of(page, "svg"), 3) << "two sites, and the scales";
  EXPECT_THAT(page, HasSubstr("4.00 % <small>(2.00 to 8.01)</small>"));
  EXPECT_THAT(page, HasSubstr("2.00 % <small>(1.00 to 4.01)</small>"));
  EXPECT_THAT(page, HasSubstr("0.50 <small>(0.40 to 0.62)</small>"));
  EXPECT_THAT(page, HasSubstr("40.00 % <small>(35.00 to 45.00)</small>"));
  EXPECT_THAT(page, HasSubstr("times before"));
  EXPECT_THAT(page, HasSubstr("&lt;hardened&gt;"));
  EXPECT_THAT(page, HasSubstr("a&amp;b"));
  EXPECT_THAT(page, Not(HasSubstr("<hardened>")));
}

TEST(HardenPage, WhatNeverFailedIsABoundNotAPoint) {
  const std::string weights = failure_lines_chart(report_of(), "weights");
  const std::string activations = failure_lines_chart(report_of(), "activations");
  EXPECT_EQ(count_of(activations, "circle"), 4);
  EXPECT_EQ(count_of(weights, "circle"), 3);
  EXPECT_EQ(count_of(weights, "polygon"), 1);
  EXPECT_EQ(failure_lines_chart(report_of(), "scales"), "");
}

TEST(HardenPage, ScalesAreThoseOfTheFirstNetworkTimesARatio) {
  HardenReport report = report_of();
  EXPECT_THAT(scale_change_chart(report), HasSubstr("0.5 times, 0.01"));
  EXPECT_EQ(count_of(scale_change_chart(report), "circle"), 2);
  report.rows[1].scales.clear();  // of another shape
  EXPECT_EQ(count_of(scale_change_chart(report), "circle"), 0);
  report.rows[0].scales.clear();
  EXPECT_EQ(scale_change_chart(report), "");
}

TEST(HardenPage, OneNetworkWithoutAttackHasAPageToo) {
  HardenReport report = report_of();
  report.rows.resize(1);
  report.rows[0].attacked.clear();
  report.training.clear();
  const std::string page = harden_page(report);
  EXPECT_THAT(page, Not(HasSubstr("Training")));
  EXPECT_THAT(page, Not(HasSubstr("attacked,")));
  EXPECT_EQ(count_of(page, "table"), 3);
}

}  // namespace
}  // namespace hwflow::report
