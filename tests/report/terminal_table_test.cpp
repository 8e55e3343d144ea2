#include "report/terminal_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

TEST(TerminalTable, LinesUpCharactersNotBytes) {
  EXPECT_EQ(aligned({{"plan", "energy"}, {"a", "1 \u00b5J"}, {"longer", "12345678"}}),
            "plan      energy\n"
            "------  --------\n"
            "a           1 \u00b5J\n"
            "longer  12345678\n");
}

TEST(TerminalTable, ShowsPlansFrontAndHeadline) {
  auto result = report_test::fake_result();
  result.headline = study::Saving{3, 0, 0.25, -0.5, 0.0, 0.125};
  const std::string text = terminal_table(result, 5);
  EXPECT_THAT(text, testing::HasSubstr("uniform 8/8"));
  EXPECT_THAT(text, testing::HasSubstr("knee"));
  EXPECT_THAT(text, testing::HasSubstr("least energy within 0.5 points against uniform 8/8: energy "
                                       "-25.0 %, latency +50.0 %, DRAM 0.0 %, model size "
                                       "-12.5 %"));
  EXPECT_THAT(text, testing::HasSubstr("\nTest accuracy against uniform 8/8: -0.12 points, 95 %"));
  EXPECT_THAT(text, testing::HasSubstr(" more plans on the front)"));
}

TEST(TerminalTable, ShowsMacsWherePlansDifferInThem) {
  auto result = report_test::fake_result();
  result.headline = study::Saving{3, 0, 0.25, -0.5, 0.0, 0.125, 0.375};
  EXPECT_THAT(terminal_table(result, 5), testing::Not(testing::HasSubstr("MAC")));
  result.evaluated[result.plans[3].evaluated].hardware.macs = 25'344'400;
  const std::string text = terminal_table(result, 5);
  EXPECT_THAT(text, testing::HasSubstr("MACs\n"));
  EXPECT_THAT(text, testing::HasSubstr("  25.3 MMAC\n"));
  EXPECT_THAT(text, testing::HasSubstr("model size -12.5 %, MACs -37.5 %\n"));
}

TEST(TerminalTable, SaysWhetherThePlansWereFineTuned) {
  auto result = report_test::fake_result();
  EXPECT_THAT(terminal_table(result), testing::HasSubstr("after 2 epochs of quantization-aware"));
  result.finetune_epochs = 0;
  EXPECT_THAT(terminal_table(result), testing::HasSubstr("without any fine-tuning.\n"));
  for (auto& plan : result.plans) {
    plan.test_integer.reset();
    plan.test_fake_quantized.reset();
  }
  EXPECT_THAT(terminal_table(result), testing::Not(testing::HasSubstr("Test accuracies are")));
}

TEST(TerminalTable, EndsWithTheCaveatOfTheSearchIfThereIsOne) {
  auto result = report_test::fake_result();
  EXPECT_THAT(terminal_table(result), testing::EndsWith("The test set chose nothing.\n"));
  result.search_caveat = "The weights do not say.";
  EXPECT_THAT(terminal_table(result), testing::EndsWith("nothing.\n\nThe weights do not say.\n"));
}

TEST(TerminalTable, SpreadsOverTheFrontWithBothEnds) {
  study::CodesignResult result;
  result.evaluated.resize(10);
  for (std::size_t i = 0; i < 10; ++i) result.front.push_back(i);
  const std::string text = terminal_table(result, 4);
  for (const char* row :
       {"plan 0 ", "plan 3 ", "plan 6 ", "plan 9 ", "(6 more plans on the front)"}) {
    EXPECT_THAT(text, testing::HasSubstr(row));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("plan 1 ")));
  EXPECT_THAT(terminal_table(result, 10), testing::Not(testing::HasSubstr("more plans")));
}

TEST(TerminalTable, ObeysNoTextFromOutside) {
  const std::string text = terminal_table(report_test::hostile_result());
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\n' && static_cast<unsigned char>(c) < 0x20;
  }));
}

TEST(TerminalTable, TellsTheMostAccurateWithinEachBudget) {
  const std::string text = terminal_table(report_test::budgeted_result());
  EXPECT_THAT(text, testing::HasSubstr("\nmost accurate within "));
  EXPECT_THAT(text, testing::HasSubstr("\nall at once: 0.5 of energy and 0.375 of latency "));
  EXPECT_THAT(text, testing::HasSubstr("no measured plan"));
  EXPECT_THAT(terminal_table(report_test::fake_result()),
              testing::Not(testing::HasSubstr("most accurate within")));
}

TEST(TerminalTable, StandsAnEmptyResult) {
  EXPECT_THAT(terminal_table(study::CodesignResult{}), testing::StartsWith("plan"));
}

TEST(TerminalTable, BeginsWithTheLevelsIfThereWereSeveral) {
  const std::string text = terminal_table(report_test::leveled_result());
  EXPECT_THAT(text, testing::StartsWith("level"));
  // 33 + 27 g evaluations after generation g = 3, 7, 11; the fine level alone searches schedules.
  EXPECT_THAT(text, testing::HasSubstr("\ncoarse   1.0e21       114"));
  EXPECT_THAT(text, testing::HasSubstr("\nmid      6.3e16       108"));
  EXPECT_THAT(text, testing::HasSubstr("\nfine     4.0e12       108"));
  EXPECT_THAT(text, testing::HasSubstr("820"));
  EXPECT_THAT(terminal_table(report_test::fake_result()), testing::StartsWith("plan"));
}

}  // namespace
}  // namespace hwflow::report
