#include "train/robust/attack_report.hpp"

#include <gtest/gtest.h>

namespace hwflow::train::robust {
namespace {

TEST(AttackReport, CountsWhatStands) {
  // Five images: wrong at once, robust, broken by the first, by the second, by both.
  EpsOutcome outcome{.eps = {"8/255", 8.0 / 255}};
  outcome.attacks = {{AttackKind::pgd, {kNotAttacked, kStands, 3, kStands, 3}},
                     {AttackKind::square, {kNotAttacked, kStands, kStands, 2, 2}}};
  EXPECT_EQ(outcome.robust(), (AccuracyEstimate{1, 5}));
  EXPECT_EQ(outcome.against(outcome.attacks[0]), (AccuracyEstimate{2, 5}));
  EXPECT_EQ(outcome.attacks[0].attacked(), 4);
  const AttackReport report{.labels = {0, 1, 2, 3, 1}, .predicted = {1, 1, 2, 3, 1}};
  EXPECT_EQ(report.clean(), (AccuracyEstimate{4, 5}));
}

TEST(AttackReport, ACascadeHasTheSameWorstCase) {
  EpsOutcome outcome{.eps = {"8/255", 8.0 / 255}};
  outcome.attacks = {{AttackKind::pgd, {kNotAttacked, kStands, 3, kStands, 3}},
                     {AttackKind::square, {kNotAttacked, kStands, kNotAttacked, 2, kNotAttacked}}};
  EXPECT_EQ(outcome.robust(), (AccuracyEstimate{1, 5}));
}

}  // namespace
}  // namespace hwflow::train::robust
