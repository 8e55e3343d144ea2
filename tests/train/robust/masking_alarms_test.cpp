#include "train/robust/masking_alarms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace hwflow::train::robust {
namespace {

constexpr int kImages = 200;

/// An attack that breaks the images from `from` to before `to`.
AttackOutcome breaks(AttackKind attack, int from, int to) {
  AttackOutcome outcome{attack, std::vector<std::int16_t>(kImages, kStands)};
  for (int i = from; i < to; ++i) outcome.fooled_into[static_cast<std::size_t>(i)] = 1;
  return outcome;
}

AttackReport report_of(std::vector<AttackOutcome> attacks) {
  AttackReport report{.labels = std::vector<std::uint8_t>(kImages, 0),
                      .predicted = std::vector<std::int16_t>(kImages, 0)};
  report.by_eps = {{.eps = {"8/255", 8.0 / 255}, .attacks = std::move(attacks)}};
  return report;
}

std::vector<AlarmKind> kinds(const AttackReport& report) {
  std::vector<AlarmKind> found;
  for (const MaskingAlarm& alarm : masking_alarms(report)) found.push_back(alarm.kind);
  return found;
}

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(MaskingAlarms, AreSilentWhereStrongerAttacksBreakMore) {
  AttackReport report =
      report_of({breaks(AttackKind::fgsm, 0, 100), breaks(AttackKind::pgd, 0, 150),
                 breaks(AttackKind::square, 0, 140), breaks(AttackKind::transfer, 0, 90)});
  report.probe = {{.eps = kProbeEpsilon, .attacks = {breaks(AttackKind::pgd, 0, 200)}}};
  EXPECT_THAT(kinds(report), IsEmpty());
}

TEST(MaskingAlarms, OneStepStrongerThanMany) {
  const AttackReport report =
      report_of({breaks(AttackKind::fgsm, 0, 100), breaks(AttackKind::pgd, 50, 103)});
  EXPECT_THAT(kinds(report), ElementsAre(AlarmKind::one_step_stronger));
  const MaskingAlarm alarm = masking_alarms(report).front();
  EXPECT_THAT(alarm.text, HasSubstr("FGSM breaks 50 images that PGD leaves standing, PGD 3"));
  EXPECT_EQ(alarm.images, 47);
  EXPECT_EQ(alarm.of, 200);
  // Two of 200 are not more than one of a hundred.
  EXPECT_THAT(kinds(report_of({breaks(AttackKind::fgsm, 0, 100), breaks(AttackKind::pgd, 2, 100)})),
              IsEmpty());
  EXPECT_THAT(kinds(report_of({breaks(AttackKind::fgsm, 0, 100), breaks(AttackKind::pgd, 3, 100)})),
              ElementsAre(AlarmKind::one_step_stronger));
}

TEST(MaskingAlarms, GradientFreeBreaksWhatNoGradientDoes) {
  // Each gradient attack by itself misses what the other breaks; together they miss ten.
  const AttackReport report =
      report_of({breaks(AttackKind::pgd, 0, 50), breaks(AttackKind::apgd_dlr, 50, 90),
                 breaks(AttackKind::square, 0, 100)});
  const auto alarms = masking_alarms(report);
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].kind, AlarmKind::gradient_free_stronger);
  EXPECT_EQ(alarms[0].images, 10);
}

TEST(MaskingAlarms, GradientFreeInACascadeSeesOnlyWhatStands) {
  AttackReport report =
      report_of({breaks(AttackKind::pgd, 0, 50), breaks(AttackKind::square, 50, 60)});
  for (int i = 0; i < 50; ++i)
    report.by_eps[0].attacks[1].fooled_into[static_cast<std::size_t>(i)] = kNotAttacked;
  EXPECT_THAT(kinds(report), ElementsAre(AlarmKind::gradient_free_stronger));
}

TEST(MaskingAlarms, TransferStrongerThanWhiteBox) {
  EXPECT_THAT(
      kinds(report_of({breaks(AttackKind::pgd, 0, 50), breaks(AttackKind::transfer, 0, 60)})),
      ElementsAre(AlarmKind::transfer_stronger));
}

TEST(MaskingAlarms, NoCollapseAtAQuarterOfTheRange) {
  AttackReport report = report_of({breaks(AttackKind::pgd, 0, 50)});
  report.probe = {{.eps = kProbeEpsilon, .attacks = {breaks(AttackKind::pgd, 0, 189)}}};
  EXPECT_THAT(masking_alarms(report).front().text, HasSubstr("11 of 200 images stand"));
  report.probe = {{.eps = kProbeEpsilon, .attacks = {breaks(AttackKind::pgd, 0, 190)}}};
  EXPECT_THAT(kinds(report), IsEmpty());  // 5 %
}

TEST(MaskingAlarms, FlatOverEps) {
  AttackReport report = report_of({breaks(AttackKind::fgsm, 0, 80)});
  const auto at = [&](double eps, int broken) {
    report.by_eps.resize(1);
    report.by_eps.push_back({.eps = {"x", eps}, .attacks = {breaks(AttackKind::fgsm, 0, broken)}});
    return kinds(report);
  };
  EXPECT_THAT(at(16.0 / 255, 81), ElementsAre(AlarmKind::flat_over_eps));
  EXPECT_THAT(at(16.0 / 255, 40), ElementsAre(AlarmKind::flat_over_eps)) << "it even rises";
  EXPECT_THAT(at(16.0 / 255, 90), IsEmpty());
  EXPECT_THAT(at(9.0 / 255, 81), IsEmpty()) << "hardly another eps";
  report = report_of({breaks(AttackKind::fgsm, 0, 200)});
  EXPECT_THAT(at(16.0 / 255, 200), IsEmpty()) << "nothing stands: it cannot fall";
}

TEST(MaskingAlarms, ZeroGradients) {
  AttackReport report = report_of({breaks(AttackKind::pgd, 0, 50)});
  report.zero_gradients = 2;
  EXPECT_THAT(kinds(report), IsEmpty());
  report.zero_gradients = 40;
  EXPECT_THAT(kinds(report), ElementsAre(AlarmKind::zero_gradients));
}

}  // namespace
}  // namespace hwflow::train::robust
