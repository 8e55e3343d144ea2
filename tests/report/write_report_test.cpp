#include "report/write_report.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "report/budget_tables.hpp"
#include "report/csv.hpp"
#include "report/html_report.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(WriteReport, WritesEveryFileWhole) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_report" / "run";
  const auto result = report_test::fake_result();
  write_report(result, folder);
  write_report(result, folder);  // and again over it
  EXPECT_EQ(text_of(folder / "report.html"), html_report(result));
  EXPECT_EQ(text_of(folder / "front.csv"), front_csv(result));
  EXPECT_EQ(text_of(folder / "config.yaml"), result.config_yaml);
  for (const char* name :
       {"result.json", "evaluations.csv", "layers.csv", "plans.csv", "generations.csv"}) {
    EXPECT_FALSE(text_of(folder / name).empty()) << name;
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_NE(entry.path().extension(), ".part");
  }
}

TEST(WriteReport, ThrowsWhereItCannotWrite) {
  const auto file = std::filesystem::path(testing::TempDir()) / "hwflow_report_is_a_file";
  std::ofstream(file) << "x";
  EXPECT_ANY_THROW(write_report(report_test::fake_result(), file));
}

TEST(WriteReport, WritesGroupsOfFusedPlans) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_report" / "fused";
  const auto result = report_test::fused_result();
  write_report(result, folder);
  EXPECT_EQ(text_of(folder / "groups.csv"), groups_csv(result));
}

TEST(WriteReport, WritesBudgetsOfAStudyThatHasSome) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_report" / "budgets";
  const auto result = report_test::budgeted_result();
  write_report(result, folder);
  EXPECT_EQ(text_of(folder / "budgets.csv"), budgets_csv(result));
  write_report(report_test::fake_result(), folder / "without");
  EXPECT_FALSE(std::filesystem::exists(folder / "without" / "budgets.csv"));
}

TEST(WriteReport, WritesLevelsIfThereWereSeveral) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_report" / "levels";
  const auto result = report_test::leveled_result();
  write_report(result, folder);
  EXPECT_EQ(text_of(folder / "levels.csv"), levels_csv(result));
  EXPECT_EQ(text_of(folder / "level_fronts.csv"), level_fronts_csv(result));
}

}  // namespace
}  // namespace hwflow::report
