#include "report/budget_tables.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/format.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// The witness: images that the most accurate of all plans within that energy and those cycles, in
/// shares of plan 0, gets right.
std::int64_t most_right(const study::CodesignResult& result, double energy, double cycles) {
  const study::HardwareCost& whole = result.evaluated[0].hardware;
  std::int64_t most = 0;
  for (const study::EvaluatedPlan& plan : result.evaluated) {
    if (plan.hardware.energy_pj > energy * whole.energy_pj) continue;
    if (static_cast<double>(plan.hardware.cycles) > cycles * static_cast<double>(whole.cycles))
      continue;
    most = std::max(most, plan.accuracy.correct);
  }
  return most;
}

TEST(BudgetCells, HaveThePlanItsAccuracyAndItsShares) {
  const auto result = report_test::budgeted_result();
  const auto rows = budget_cells(result);
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_THAT(rows[0], ElementsAre("within", "at most", "plan", "search accuracy", "confirmed",
                                   "costs", "energy", "latency", "DRAM", "model"));
  const study::HardwareCost& whole = result.evaluated[0].hardware;
  const std::size_t best = *result.budget_winners[3].evaluated;
  const study::EvaluatedPlan& plan = result.evaluated[best];
  const auto& row = rows[4];
  const auto cycles_text = [](double cycles) { return time_text(cycles / 200e6); };
  EXPECT_EQ(row[0], "all at once: 0.5 of energy and 0.375 of latency");
  EXPECT_EQ(row[1], energy_text(0.5 * whole.energy_pj) + ", " +
                        cycles_text(0.375 * static_cast<double>(whole.cycles)));
  EXPECT_EQ(row[2], fmt::format("{}plan {}", plan.on_front ? "front, " : "", best));
  EXPECT_EQ(row[3], accuracy_text(plan.accuracy));
  EXPECT_EQ(row[5], energy_text(plan.hardware.energy_pj) + ", " +
                        cycles_text(static_cast<double>(plan.hardware.cycles)));
  EXPECT_EQ(row[6], percent_text(plan.hardware.energy_pj / whole.energy_pj));
  EXPECT_EQ(row[9], percent_text(static_cast<double>(plan.hardware.model_bits) /
                                 static_cast<double>(whole.model_bits)));
  EXPECT_THAT(rows[3], ElementsAre("0.1 of model_size", testing::_, "no measured plan", "-", "-",
                                   "-", "-", "-", "-", "-"));
  const auto right = [&](std::size_t budget) {
    return result.evaluated[*result.budget_winners[budget].evaluated].accuracy.correct;
  };
  EXPECT_EQ(right(0), most_right(result, 0.5, 10.0));
  EXPECT_EQ(right(1), most_right(result, 10.0, 0.375));
  EXPECT_EQ(right(3), most_right(result, 0.5, 0.375));
}

TEST(BudgetCells, NamePicksByTheirLabels) {
  auto result = report_test::budgeted_result();
  result.plans[3].evaluated = *result.budget_winners[0].evaluated;
  EXPECT_EQ(budget_cells(result)[1][2], result.plans[3].label);
  result.plans[3].label = "most accurate within 0.5 of energy";
  EXPECT_EQ(budget_cells(result)[1][2], "pick of this budget");
}

TEST(BudgetCells, HaveMacsWhereTheyDifferAndNoEnergyWithoutAModel) {
  auto result = report_test::budgeted_result();
  result.evaluated.back().hardware.macs = 1;
  EXPECT_EQ(budget_cells(result)[0].back(), "MACs");
  result.energy_components.clear();
  EXPECT_EQ(budget_cells(result)[0][6], "latency");
}

TEST(BudgetCells, AreNoneWithoutBudgets) {
  EXPECT_TRUE(budget_cells(report_test::fake_result()).empty());
  EXPECT_EQ(budget_note(report_test::fake_result()), "");
}

TEST(BudgetNote, SaysWhatChose) {
  auto result = report_test::budgeted_result();
  EXPECT_THAT(budget_note(result), HasSubstr("of the costs of uniform 8/8"));
  EXPECT_THAT(budget_note(result), HasSubstr("by the search accuracy"));
  result.winners_confirmed = true;
  EXPECT_THAT(budget_note(result), HasSubstr("by the confirmed accuracy, among the 16 most"));
  result.ranked_by_proxy = true;
  EXPECT_THAT(budget_note(result), HasSubstr("by the proxy, which is no accuracy"));
  EXPECT_THAT(budget_cells(result)[1][3], testing::Not(HasSubstr("%")));
}

std::vector<std::string> cells_of(const std::string& text, std::size_t line) {
  std::vector<std::string> cells{""};
  std::size_t at = 0;
  for (; line > 0; --line) at = text.find("\r\n", at) + 2;
  for (; text[at] != '\r'; ++at) {
    if (text[at] == ',') {
      cells.emplace_back();
    } else {
      cells.back() += text[at];
    }
  }
  return cells;
}

TEST(BudgetsCsv, HasLimitsCostsAndShares) {
  auto result = report_test::budgeted_result();
  const std::string text = budgets_csv(result);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  const auto head = cells_of(text, 0), row = cells_of(text, 4), none = cells_of(text, 3);
  ASSERT_EQ(row.size(), head.size());
  ASSERT_EQ(none.size(), head.size());
  const auto cell = [&](const std::vector<std::string>& cells, const std::string& name) {
    return cells.at(static_cast<std::size_t>(std::ranges::find(head, name) - head.begin()));
  };
  const study::EvaluatedPlan& plan = result.evaluated[*result.budget_winners[3].evaluated];
  EXPECT_EQ(cell(row, "within"), "0.5 of energy and 0.375 of latency");
  EXPECT_EQ(cell(row, "all_at_once"), "1");
  EXPECT_EQ(std::stoll(cell(row, "plans_within")), result.budget_winners[3].within);
  EXPECT_EQ(std::stod(cell(row, "accuracy")), plan.accuracy.top1());
  EXPECT_EQ(std::stod(cell(row, "energy_limit_share")), 0.5);
  EXPECT_EQ(std::stod(cell(row, "energy_pj_limit")), result.budget_winners[3].limits[0].most);
  EXPECT_EQ(std::stod(cell(row, "energy_pj")), plan.hardware.energy_pj);
  EXPECT_EQ(cell(row, "model_size_limit_share"), "");
  EXPECT_EQ(std::stoll(cell(row, "model_bits")), plan.hardware.model_bits);
  EXPECT_EQ(std::stod(cell(row, "cycles_limit")), result.budget_winners[3].limits[1].most);
  EXPECT_EQ(std::stoll(cell(row, "cycles")), plan.hardware.cycles);
  EXPECT_EQ(std::stod(cell(row, "latency_share")),
            static_cast<double>(plan.hardware.cycles) /
                static_cast<double>(result.evaluated[0].hardware.cycles));
  EXPECT_EQ(cell(row, "plan"), to_text(plan.plan));
  EXPECT_EQ(cell(none, "index"), "");
  EXPECT_EQ(cell(none, "model_bits"), "");
  EXPECT_EQ(cell(none, "model_size_limit_share"), "0.1");
  result.ranked_by_proxy = true;
  const auto ranked = cells_of(budgets_csv(result), 4);
  EXPECT_EQ(cell(ranked, "accuracy"), "");
  EXPECT_EQ(std::stod(cell(ranked, "proxy")), plan.accuracy.top1());
}

}  // namespace
}  // namespace hwflow::report
