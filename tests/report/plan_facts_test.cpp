#include "report/plan_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

TEST(PlanFacts, NamesAPinnedBaselineByItsMiddle) {
  CompressionPlan plan = CompressionPlan::uniform(5, 4, 2);
  plan.layers.front() = plan.layers.back() = {8, 8};
  EXPECT_EQ(widths_text(common_widths(plan)), "4/2");
  // (8 + 4 + 4 + 4 + 8) / 5 = 5.6 and (8 + 2 + 2 + 2 + 8) / 5 = 4.4
  EXPECT_EQ(mean_widths_text(plan), "5.6 / 4.4");
  EXPECT_EQ(mean_widths_text({}), "-");
}

TEST(PlanFacts, FindsBaselinesAndPicks) {
  auto result = report_test::fake_result();
  EXPECT_EQ(find_baseline(result, 4, 4), 1U);
  EXPECT_EQ(find_baseline(result, 5, 5), std::nullopt);
  EXPECT_EQ(main_pick(result), 3U);
  result.headline->pick = 4;
  EXPECT_EQ(main_pick(result), 4U);
  result.headline.reset();
  EXPECT_EQ(main_pick(result), 3U);  // the first that is no baseline
  result.plans.resize(3);
  EXPECT_EQ(main_pick(result), std::nullopt);
}

TEST(PlanFacts, RefusesIndicesBeyondTheirTables) {
  auto result = report_test::fake_result();
  EXPECT_NO_THROW(check_result(result));
  result.front.push_back(result.evaluated.size());
  EXPECT_THROW(check_result(result), InternalError);
  result = report_test::fake_result();
  result.plans[0].layers[0].energy_by_component_pj.pop_back();
  EXPECT_THROW(check_result(result), InternalError);
  result = report_test::fake_result();
  result.paired_tests[0].b = 99;
  EXPECT_THROW(check_result(result), InternalError);
}

TEST(PlanFacts, ComparesTheHeadlineWithItsBaselineOnly) {
  auto result = report_test::fake_result();
  // Of the two tests of pick 3, that against plan 0: 71 - 83 = -12 of 10 000 images.
  EXPECT_EQ(headline_accuracy(result),
            "Test accuracy against uniform 8/8: -0.12 points, 95 % interval -0.36 to +0.12 (Bonett "
            "and Price 2012), exact McNemar p = 0.376; the same 10\u202f000 images.");
  result.headline->baseline = 1;
  EXPECT_EQ(difference_text(headline_test(result).value()), "+1.55 points");
  EXPECT_THAT(headline_accuracy(result), testing::HasSubstr("exact McNemar p < 0.001"));
  result.headline->baseline = 2;
  EXPECT_EQ(headline_accuracy(result), "");
  result.headline.reset();
  EXPECT_FALSE(headline_test(result).has_value());
}

TEST(PlanFacts, HoverTellsTheNumbers) {
  const auto result = report_test::fake_result();
  EXPECT_THAT(hover_text(result, 0), testing::HasSubstr("uniform 8/8\nsearch accuracy"));
  EXPECT_THAT(hover_text(result, 5), testing::HasSubstr("plan 5 (random, generation 0)"));
}

/// Where channels stay MACs tell plans apart no more than the network's name.
TEST(PlanFacts, MacsAreShownWherePlansDifferInThem) {
  auto result = report_test::fake_result();
  EXPECT_FALSE(macs_differ(result));
  EXPECT_FALSE(macs_differ({}));
  EXPECT_THAT(hover_text(result, 5), testing::Not(testing::HasSubstr("MAC")));
  result.evaluated[5].hardware.macs = 12'345'678;
  EXPECT_TRUE(macs_differ(result));
  EXPECT_THAT(hover_text(result, 5), testing::HasSubstr(", 12.3 MMAC\nwidths"));
}

TEST(TestAccuracyText, SaysFineTunedOnlyOfWhatWas) {
  auto result = report_test::fake_result();
  result.finetune_epochs = 0;
  EXPECT_EQ(test_accuracy_text(result),
            "Test accuracies are those of calibrated networks, without any fine-tuning.");
  result.finetune_epochs = 1;
  EXPECT_EQ(test_accuracy_text(result),
            "Test accuracies are those after 1 epoch of quantization-aware fine-tuning.");
  result.finetune_epochs = 12;
  EXPECT_EQ(test_accuracy_text(result),
            "Test accuracies are those after 12 epochs of quantization-aware fine-tuning.");
}

TEST(PlanFacts, ComponentsOfAFusedPlanAreThoseOfItsGroups) {
  const auto alone = report_test::fake_result();
  const auto fused = report_test::fused_result();  // the same layers, grouped
  const auto expected = component_totals(alone, alone.plans[2]);
  const auto totals = component_totals(fused, fused.plans[2]);
  ASSERT_EQ(totals.size(), expected.size());
  for (std::size_t c = 0; c < totals.size(); ++c)
    EXPECT_NEAR(totals[c], expected[c], 1e-9 * expected[c]);
}

TEST(PlanFacts, TellsWhichPlansRemoveChannels) {
  const auto whole = report_test::fake_result();
  EXPECT_FALSE(removes_channels(whole));
  const auto pruned = report_test::pruned_result();
  EXPECT_TRUE(removes_channels(pruned));
  for (std::size_t i = 0; i < pruned.plans.size(); ++i)
    EXPECT_EQ(removes_channels(pruned, pruned.plans[i]), i == 3) << i;
}

TEST(PlanFacts, LayersAreTheSameByName) {
  auto result = report_test::pruned_result();
  EXPECT_TRUE(same_layers(result.plans[0], result.plans[3]));  // other shapes
  result.plans[0].layers[2].name = "other";
  EXPECT_FALSE(same_layers(result.plans[0], result.plans[3]));
  result.plans[1].layers.pop_back();
  EXPECT_FALSE(same_layers(result.plans[1], result.plans[3]));
}

TEST(PlanFacts, RefusesGroupsThatDoNotFitTheResult) {
  auto result = report_test::fused_result();
  result.plans[0].groups[1].members.clear();
  EXPECT_THROW(check_result(result), InternalError);
  result = report_test::fused_result();
  result.plans[0].groups[1].energy_by_component_pj.pop_back();
  EXPECT_THROW(check_result(result), InternalError);
}

}  // namespace
}  // namespace hwflow::report
