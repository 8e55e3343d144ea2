#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/comparison.hpp"
#include "report/format.hpp"
#include "tests/report/fake_comparison.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(ComparisonText, ShowsBestPlansAndTransfers) {
  const auto comparison = report_test::fake_comparison();
  const std::string text = comparison_text(comparison);
  const auto& half = comparison.accelerators[1];
  EXPECT_THAT(text, HasSubstr("widest uniform"));
  EXPECT_THAT(text,
              HasSubstr(energy_text(half.result.evaluated[*half.least_energy].hardware.energy_pj)));
  EXPECT_THAT(text, HasSubstr("within 0.50 points of float"));
  EXPECT_THAT(text, HasSubstr("640 plans measured for 999 evaluations"));
  EXPECT_THAT(text, HasSubstr("energy: plan of, on   full   half   none\n"));
  EXPECT_THAT(text, HasSubstr("\nhalf                 1.100  1.110      -\n"));
  EXPECT_THAT(text, HasSubstr("\nnone                     -      -      -\n"));
  EXPECT_THAT(text, HasSubstr("latency: plan of, on"));
}

TEST(ComparisonText, ShowsMacsWherePlansDifferInThem) {
  auto comparison = report_test::fake_comparison();
  EXPECT_THAT(comparison_text(comparison), testing::Not(HasSubstr("MAC")));
  auto& half = comparison.accelerators[1];
  half.result.evaluated[*half.least_energy].hardware.macs = 25'344'400;
  EXPECT_THAT(comparison_text(comparison), HasSubstr("MACs\n"));
  EXPECT_THAT(comparison_text(comparison), HasSubstr("  25.3 MMAC\n"));
}

TEST(ComparisonText, LeavesOutWhatAStoppedRunLacks) {
  auto comparison = report_test::fake_comparison();
  comparison.transfers.clear();
  EXPECT_THAT(comparison_text(comparison), testing::Not(HasSubstr("plan of, on")));
}

}  // namespace
}  // namespace hwflow::report
