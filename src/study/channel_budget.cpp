#include "study/channel_budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "study/search.hpp"

namespace hwflow::study {
namespace {

double cost_of(const CostShare& budget, const HardwareCost& hardware) {
  return objective_value(budget.of, {}, hardware);
}

bool is_within(std::span<const CostShare> budgets, const HardwareCost& plan,
               const HardwareCost& whole) {
  return std::ranges::all_of(budgets, [&](const CostShare& budget) {
    return cost_of(budget, plan) <= budget.share * cost_of(budget, whole);
  });
}

/// Why the smallest plan is too dear.
Diagnostics exceeded(std::span<const CostShare> budgets, const HardwareCost& least,
                     const HardwareCost& whole) {
  Diagnostics problems;
  for (const CostShare& budget : budgets) {
    const double share = cost_of(budget, least) / cost_of(budget, whole);
    if (share <= budget.share) continue;
    problems.push_back(
        {fmt::format("{}={}", name(budget.of), budget.share),
         fmt::format("the fewest channels still cost {:.3f} of the whole network's {}", share,
                     name(budget.of)),
         fmt::format("{:.3f} or more", std::ceil(1000.0 * share) / 1000.0),
         ProblemKind::infeasible});
  }
  return problems;
}

}  // namespace

Expected<int> last_step_within(HardwareModel& hardware, const ChannelSteps& steps,
                               std::span<const CostShare> budgets, int threads,
                               const std::stop_token& stop) {
  const auto price = [&](int step) -> Expected<HardwareCost> {
    const CompressionPlan plan = steps.plan(step);
    Diagnostics problems = hardware.prepare(std::array{plan}, threads, stop);
    if (!problems.empty()) return Unexpected{std::move(problems)};
    return stop.stop_requested() ? HardwareCost{} : hardware.cost(plan);
  };
  const Expected<HardwareCost> whole = price(steps.count);
  if (!whole) return Unexpected{whole.error()};
  const Expected<HardwareCost> least = price(1);
  if (!least) return Unexpected{least.error()};
  if (stop.stop_requested()) return 0;
  if (is_within(budgets, *whole, *whole)) return steps.count;
  if (!is_within(budgets, *least, *whole)) return Unexpected{exceeded(budgets, *least, *whole)};
  int within = 1, beyond = steps.count;
  while (beyond - within > 1) {
    const int middle = (within + beyond) / 2;
    const Expected<HardwareCost> cost = price(middle);
    if (!cost) return Unexpected{cost.error()};
    if (stop.stop_requested()) return 0;
    (is_within(budgets, *cost, *whole) ? within : beyond) = middle;
  }
  return within;
}

}  // namespace hwflow::study
