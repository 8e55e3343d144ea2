#pragma once

#include <functional>
#include <span>
#include <stop_token>

#include "base/expected.hpp"
#include "study/cost_budget.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {

/// Plans from few channels to all: of step 1 to the last one.
struct ChannelSteps {
  int count = 1;
  std::function<CompressionPlan(int step)> plan;
};

/// The step whose plan costs no more than every budget's share of the last step's, while the next
/// step's plan does not: looked for by halves, so that it is the greatest such step wherever costs
/// rise with the steps. 0: stopped.
///
/// Errors  budgets that step 1 exceeds, with the least share; layers without a mapping.
[[nodiscard]] Expected<int> last_step_within(HardwareModel& hardware, const ChannelSteps& steps,
                                             std::span<const CostShare> budgets, int threads,
                                             const std::stop_token& stop);

}  // namespace hwflow::study
