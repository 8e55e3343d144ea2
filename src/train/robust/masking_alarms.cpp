#include "train/robust/masking_alarms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace hwflow::train::robust {
namespace {

bool is_many(std::int64_t images, std::int64_t of) {
  return images > 1 && static_cast<double>(images) > kAlarmShare * static_cast<double>(of);
}

const AttackOutcome* outcome_of(const EpsOutcome& outcome, AttackKind kind) {
  const auto found = std::ranges::find(outcome.attacks, kind, &AttackOutcome::attack);
  return found == outcome.attacks.end() ? nullptr : &*found;
}

/// Images that only one of two attacks breaks, of those that both attacked.
struct Comparison {
  std::int64_t only_a = 0, only_b = 0, both = 0;
};
Comparison compare(const AttackOutcome& a, const AttackOutcome& b) {
  Comparison c;
  for (std::size_t i = 0; i < a.fooled_into.size(); ++i) {
    const int of_a = a.fooled_into[i], of_b = b.fooled_into[i];
    if (of_a == kNotAttacked || of_b == kNotAttacked) continue;
    ++c.both;
    c.only_a += of_a >= 0 && of_b == kStands ? 1 : 0;
    c.only_b += of_b >= 0 && of_a == kStands ? 1 : 0;
  }
  return c;
}

/// FGSM against PGD, and a transfer against PGD: the weaker in theory breaks more.
void add_if_stronger(const EpsOutcome& outcome, AttackKind weaker, AlarmKind alarm,
                     const char* label, std::vector<MaskingAlarm>& alarms) {
  const AttackOutcome* a = outcome_of(outcome, weaker);
  const AttackOutcome* b = outcome_of(outcome, AttackKind::pgd);
  if (a == nullptr || b == nullptr) return;
  const Comparison c = compare(*a, *b);
  if (!is_many(c.only_a - c.only_b, c.both)) return;
  alarms.push_back(
      {alarm, outcome.eps.text, c.only_a - c.only_b, c.both,
       fmt::format("at eps {} {} breaks {} images that PGD leaves standing, PGD {} that {} leaves, "
                   "of {}",
                   outcome.eps.text, label, c.only_a, c.only_b, label, c.both)});
}

bool is_white_box(AttackKind kind) {
  return kind != AttackKind::square && kind != AttackKind::transfer;
}

void add_if_square_is_stronger(const EpsOutcome& outcome, std::vector<MaskingAlarm>& alarms) {
  const AttackOutcome* square = outcome_of(outcome, AttackKind::square);
  if (square == nullptr ||
      std::ranges::none_of(outcome.attacks, is_white_box, &AttackOutcome::attack))
    return;
  std::int64_t only = 0, of = 0;
  for (std::size_t i = 0; i < square->fooled_into.size(); ++i) {
    bool attacked = false, broken = false;
    for (const AttackOutcome& other : outcome.attacks) {
      if (!is_white_box(other.attack)) continue;
      attacked = attacked || other.fooled_into[i] != kNotAttacked;
      broken = broken || other.fooled_into[i] >= 0;
    }
    of += attacked ? 1 : 0;
    only += attacked && !broken && square->fooled_into[i] >= 0 ? 1 : 0;
  }
  if (!is_many(only, of)) return;
  alarms.push_back({AlarmKind::gradient_free_stronger, outcome.eps.text, only, of,
                    fmt::format("at eps {} Square, without gradients, breaks {} of {} images that "
                                "every attack with gradients leaves standing",
                                outcome.eps.text, only, of)});
}

void add_if_standing_at_probe(const AttackReport& report, std::vector<MaskingAlarm>& alarms) {
  for (const EpsOutcome& probe : report.probe) {
    const AttackOutcome& pgd = probe.attacks.front();
    const std::int64_t standing = pgd.standing(), of = pgd.attacked();
    if (standing <= 1 || static_cast<double>(standing) <= kCollapsedShare * static_cast<double>(of))
      continue;
    alarms.push_back({AlarmKind::no_collapse, probe.eps.text, standing, of,
                      fmt::format("at eps {}, where accuracy should be gone, {} of {} images stand "
                                  "against PGD",
                                  probe.eps.text, standing, of)});
  }
}

/// Between the least and the greatest eps, where that is twice as much, and images stand.
void add_if_flat(const AttackReport& report, std::vector<MaskingAlarm>& alarms) {
  if (report.by_eps.size() < 2) return;
  const EpsOutcome& least = report.by_eps.front();
  const EpsOutcome& most = report.by_eps.back();
  const AttackOutcome* a = outcome_of(least, AttackKind::fgsm);
  const AttackOutcome* b = outcome_of(most, AttackKind::fgsm);
  if (a == nullptr || b == nullptr || most.eps.value < 2.0 * least.eps.value) return;
  const std::int64_t fallen = a->standing() - b->standing(), of = b->attacked();
  if (!is_many(b->standing(), of) || is_many(fallen, of)) return;
  alarms.push_back({AlarmKind::flat_over_eps, most.eps.text, b->standing(), of,
                    fmt::format("{} of {} images stand against FGSM at eps {}, and still {} at eps "
                                "{}",
                                a->standing(), of, least.eps.text, b->standing(), most.eps.text)});
}

void add_if_gradients_are_zero(const AttackReport& report, std::vector<MaskingAlarm>& alarms) {
  const std::int64_t of = report.clean().correct;
  if (!is_many(report.zero_gradients, of)) return;
  alarms.push_back({AlarmKind::zero_gradients, "", report.zero_gradients, of,
                    fmt::format("the gradient of the cross-entropy is 0 in every pixel of {} of {} "
                                "images: FGSM, PGD and APGD-CE cannot move them",
                                report.zero_gradients, of)});
}

}  // namespace

std::vector<MaskingAlarm> masking_alarms(const AttackReport& report) {
  std::vector<MaskingAlarm> alarms;
  for (const EpsOutcome& outcome : report.by_eps) {
    add_if_stronger(outcome, AttackKind::fgsm, AlarmKind::one_step_stronger, "FGSM", alarms);
    add_if_square_is_stronger(outcome, alarms);
    add_if_stronger(outcome, AttackKind::transfer, AlarmKind::transfer_stronger, "the transfer",
                    alarms);
  }
  add_if_standing_at_probe(report, alarms);
  add_if_flat(report, alarms);
  add_if_gradients_are_zero(report, alarms);
  return alarms;
}

}  // namespace hwflow::train::robust
