#include "train/robust/attack_report.hpp"

#include <algorithm>

namespace hwflow::train::robust {

std::int64_t AttackOutcome::standing() const { return std::ranges::count(fooled_into, kStands); }

std::int64_t AttackOutcome::attacked() const {
  return static_cast<std::int64_t>(fooled_into.size()) -
         std::ranges::count(fooled_into, kNotAttacked);
}

bool EpsOutcome::is_robust(std::size_t image) const {
  // What is wrong at once is attacked by nobody; what falls in a cascade fell to somebody.
  bool attacked = false;
  for (const AttackOutcome& attack : attacks) {
    if (attack.fooled_into[image] >= 0) return false;
    attacked = attacked || attack.fooled_into[image] == kStands;
  }
  return attacked;
}

AccuracyEstimate EpsOutcome::robust() const {
  AccuracyEstimate estimate;
  if (attacks.empty()) return estimate;
  estimate.total = static_cast<std::int64_t>(attacks.front().fooled_into.size());
  for (std::size_t i = 0; i < attacks.front().fooled_into.size(); ++i)
    estimate.correct += is_robust(i) ? 1 : 0;
  return estimate;
}

AccuracyEstimate EpsOutcome::against(const AttackOutcome& attack) const {
  return {attack.standing(), static_cast<std::int64_t>(attack.fooled_into.size())};
}

AccuracyEstimate AttackReport::clean() const {
  AccuracyEstimate estimate{0, static_cast<std::int64_t>(labels.size())};
  for (std::size_t i = 0; i < labels.size(); ++i)
    estimate.correct += predicted[i] == labels[i] ? 1 : 0;
  return estimate;
}

}  // namespace hwflow::train::robust
