#include "report/json.hpp"

#include <gtest/gtest.h>

#include "base/check.hpp"
#include "schema/read.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

schema::Value parsed(const study::CodesignResult& result) {
  auto value = schema::parse_json(result_json(result, "report.html"), "result.json");
  HWFLOW_CHECK(value.has_value(), "result.json is JSON");
  return *value;
}

TEST(Json, HasTheKeysThatOtherToolsRead) {
  const auto json = parsed(report_test::fake_result());
  for (const char* key : {"evaluations", "hypervolume", "front", "baselines", "picks", "report"}) {
    EXPECT_NE(json.find(key), nullptr) << key;
  }
  for (const char* key : {"plan", "hardware", "accuracy", "standard_error", "energy_pj", "cycles",
                          "dram_bits", "model_bits", "macs"}) {
    EXPECT_NE(json.find("front")->as_list()->front().find(key), nullptr) << key;
    EXPECT_NE(json.find("picks")->as_list()->front().find(key), nullptr) << key;
    EXPECT_NE(json.find("baselines")->as_list()->front().find(key), nullptr) << key;
  }
}

TEST(Json, NumbersEqualTheStruct) {
  auto result = report_test::fake_result();
  result.headline->macs = 0.375;
  const auto json = parsed(result);
  EXPECT_EQ(*json.find("evaluations"), schema::Value(333));  // 3 uniform, 11 times 30
  EXPECT_EQ(*json.find("hypervolume"), schema::Value(result.generations.back().hypervolume));
  const auto& front = *json.find("front")->as_list();
  ASSERT_EQ(front.size(), result.front.size());
  for (std::size_t i = 0; i < front.size(); ++i) {
    const auto& plan = result.evaluated[result.front[i]];
    EXPECT_EQ(*front[i].find("energy_pj"), schema::Value(plan.hardware.energy_pj));
    EXPECT_EQ(*front[i].find("cycles"), schema::Value(plan.hardware.cycles));
    EXPECT_EQ(*front[i].find("macs"), schema::Value(plan.hardware.macs));
    EXPECT_EQ(*front[i].find("accuracy"), schema::Value(plan.accuracy.top1()));
  }
  EXPECT_EQ(json.find("picks")->as_list()->size(), 2U);
  EXPECT_EQ(json.find("baselines")->as_list()->size(), 3U);
  const schema::Value& headline = *json.find("headline");
  EXPECT_EQ(*headline.find("energy"), schema::Value(result.headline->energy));
  EXPECT_EQ(*headline.find("macs"), schema::Value(0.375));
  EXPECT_EQ(*headline.find("accuracy_difference"), schema::Value(-0.0012));
  EXPECT_EQ(*headline.find("accuracy_low"), schema::Value(-0.0036));
  EXPECT_EQ(*headline.find("accuracy_high"), schema::Value(0.0012));
  EXPECT_EQ(*headline.find("accuracy_p_value"), schema::Value(0.376));
  EXPECT_EQ(*json.find("run")->find("training_code"), schema::Value("5a1c09e4d7b3f286"));
  EXPECT_EQ(*json.find("run")->find("finetune_epochs"), schema::Value(2));
}

TEST(Json, HasTheMostAccuratePlanWithinEachBudget) {
  const auto result = report_test::budgeted_result();
  const auto json = parsed(result);
  const auto& budgets = *json.find("budgets")->as_list();
  ASSERT_EQ(budgets.size(), 4U);
  const schema::Value& both = budgets[3];
  EXPECT_EQ(*both.find("all_at_once"), schema::Value(true));
  const auto& limits = *both.find("limits")->as_list();
  ASSERT_EQ(limits.size(), 2U);
  EXPECT_EQ(*limits[1].find("of"), schema::Value("latency"));
  EXPECT_EQ(*limits[1].find("share"), schema::Value(0.375));
  EXPECT_EQ(*limits[1].find("most"), schema::Value(result.budget_winners[1].limits[0].most));
  EXPECT_EQ(*limits[1].find("unit"), schema::Value("cycles"));
  const std::size_t best = *result.budget_winners[3].evaluated;
  EXPECT_EQ(*both.find("best")->find("plan"), schema::Value(to_text(result.evaluated[best].plan)));
  EXPECT_EQ(*both.find("best")->find("accuracy"),
            schema::Value(result.evaluated[best].accuracy.top1()));
  EXPECT_EQ(*both.find("shares")->find("energy"),
            schema::Value(result.evaluated[best].hardware.energy_pj /
                          result.evaluated[0].hardware.energy_pj));
  for (const char* key : {"latency", "dram", "model_size", "macs"})
    EXPECT_NE(both.find("shares")->find(key), nullptr) << key;
  EXPECT_TRUE(budgets[2].find("best")->is_null());
  EXPECT_EQ(*budgets[2].find("plans_within"), schema::Value(0));
  EXPECT_EQ(*json.find("budget_reference")->find("label"), schema::Value("uniform 8/8"));
  EXPECT_EQ(*json.find("budget_reference")->find("cycles"),
            schema::Value(result.evaluated[0].hardware.cycles));
  const auto none = parsed(report_test::fake_result());
  EXPECT_TRUE(none.find("budgets")->as_list()->empty());
  EXPECT_TRUE(none.find("budget_reference")->is_null());
}

TEST(Json, PlansTellWhatTheyLeaveWhereChannelsWereRemoved) {
  const auto json = parsed(report_test::pruned_result());
  const schema::Value& pick = json.find("picks")->as_list()->front();
  EXPECT_EQ(*pick.find("macs"), schema::Value(10'248'512));
  EXPECT_EQ(*pick.find("parameters"), schema::Value(68'050));
  const auto& layers = *pick.find("layers")->as_list();
  ASSERT_EQ(layers.size(), 20U);
  EXPECT_EQ(*layers[0].find("layer"), schema::Value("conv1"));
  EXPECT_EQ(*layers[0].find("channels"), schema::Value(8));
  EXPECT_EQ(*layers[0].find("channels_whole"), schema::Value(16));
  const schema::Value& baseline = json.find("baselines")->as_list()->front();
  EXPECT_EQ(*baseline.find("macs"), schema::Value(40'551'040));
  EXPECT_EQ(*baseline.find("layers")->as_list()->front().find("channels"), schema::Value(16));
  const auto whole = parsed(report_test::fake_result());
  for (const char* key : {"parameters", "layers"})
    EXPECT_EQ(whole.find("picks")->as_list()->front().find(key), nullptr) << key;
}

TEST(Json, HasTheCaveatOfTheSearchOrNull) {
  auto result = report_test::fake_result();
  EXPECT_TRUE(parsed(result).find("run")->find("search_caveat")->is_null());
  result.search_caveat = "The weights do not say.";
  EXPECT_EQ(*parsed(result).find("run")->find("search_caveat"),
            schema::Value("The weights do not say."));
}

TEST(Json, StandsAnEmptyResultAndHostileTexts) {
  const auto empty = parsed(study::CodesignResult{});
  EXPECT_TRUE(empty.find("hypervolume")->is_null());
  EXPECT_TRUE(empty.find("headline")->is_null());
  study::CodesignResult wide;
  wide.seed = ~std::uint64_t{0};
  EXPECT_EQ(*parsed(wide).find("run")->find("seed"), schema::Value("18446744073709551615"));
  (void)parsed(report_test::hostile_result());
}

TEST(Json, PicksHaveTheirGroupsWhenTheyRunFused) {
  const auto result = report_test::fused_result();
  const auto json = parsed(result);
  EXPECT_EQ(*json.find("run")->find("schedule"), schema::Value("fused"));
  const schema::Value& pick = *json.find("picks")->as_list()->begin();
  const auto& groups = *pick.find("groups")->as_list();
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].find("layers")->as_list()->size(), 4U);
  EXPECT_EQ(*groups[0].find("tile"), schema::Value("4 x 32, 2 parts"));
  EXPECT_TRUE(groups[1].find("tile")->is_null());
  EXPECT_TRUE(groups[1].find("policies")->is_null());
  EXPECT_EQ(parsed(report_test::fake_result()).find("picks")->as_list()->begin()->find("groups"),
            nullptr);
}

TEST(Json, LevelsEqualTheStruct) {
  const auto result = report_test::leveled_result();
  const auto json = parsed(result);
  EXPECT_EQ(*json.find("run")->find("algorithm"), schema::Value("nsga2"));
  const auto& levels = *json.find("levels")->as_list();
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(*levels[0].find("model"), schema::Value("coarse"));
  EXPECT_EQ(*levels[2].find("space_log10"), schema::Value(result.levels[2].space_log10));
  EXPECT_EQ(*levels[2].find("skipped"), schema::Value(120));
  EXPECT_EQ(levels[1].find("widths")->as_list()->size(), result.network.compute_layers.size());
  EXPECT_EQ(levels[1].find("widths")->as_list()->front().find("weights")->as_list()->size(), 3U);
  const auto& generation = levels[0].find("generations")->as_list()->at(2);
  EXPECT_EQ(*generation.find("final_hypervolume"),
            schema::Value(*result.levels[0].generations[2].final_hypervolume));
  EXPECT_EQ(*generation.find("seconds"), schema::Value(result.levels[0].generations[2].seconds));
  const auto& front = *levels[0].find("front")->as_list();
  ASSERT_EQ(front.size(), result.levels[0].front.size());
  for (std::size_t i = 0; i < front.size(); ++i) {
    const auto& plan = result.levels[0].front[i];
    EXPECT_EQ(*front[i].find("energy_pj"), schema::Value(plan.hardware.energy_pj));
    EXPECT_EQ(front[i].find("index")->is_null(), !plan.evaluated);
  }
  EXPECT_TRUE(parsed(report_test::fake_result()).find("levels")->as_list()->empty());
}

}  // namespace
}  // namespace hwflow::report
