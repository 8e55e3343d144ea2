#include "study/resilience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/enum_names.hpp"
#include "study/finish.hpp"
#include "study/plan_space.hpp"
#include "study/rank_correlation.hpp"

namespace hwflow::study {
namespace {

using train::fault::FlipCampaign;
using train::fault::FlipGroup;
using train::fault::FlipImages;
using train::fault::FlipRequest;

std::string uniform_label(const WidthPair& pair) {
  return fmt::format("uniform {}/{}", pair.weights, pair.inputs);
}

/// At most `count` plans of the front, evenly spread over their ranks by failure rate.
std::vector<std::size_t> spread_by_failures(const CodesignResult& result, std::size_t count) {
  std::vector<std::size_t> plans = result.front;
  std::ranges::stable_sort(
      plans, {}, [&](std::size_t i) { return result.evaluated[i].hardware.failure_rate; });
  if (plans.size() <= count) return plans;
  std::vector<std::size_t> chosen;
  for (std::size_t k = 0; k < count; ++k)
    chosen.push_back(plans[count == 1 ? 0 : k * (plans.size() - 1) / (count - 1)]);
  return chosen;
}

}  // namespace

bool minimises_failures(const Study& study) {
  return std::ranges::count(study.search.objectives, Objective::failure_rate) > 0;
}

std::vector<WidthPair> calibration_widths(const SearchOptions& search) {
  std::vector<int> weights = search.weight_bits, inputs = search.input_bits;
  std::ranges::sort(weights);
  std::ranges::sort(inputs);
  std::vector<WidthPair> pairs;
  for (std::size_t i = 0; i < std::max(weights.size(), inputs.size()); ++i)
    pairs.push_back(
        {weights[std::min(i, weights.size() - 1)], inputs[std::min(i, inputs.size() - 1)]});
  return pairs;
}

FlipRequest Resilience::request() const {
  FlipRequest request;
  request.sites = options().sites;
  request.flips = options().flips;
  request.images = options().images;
  request.seed = study_.search.seed;
  request.threads = runs_.threads();
  return request;
}

bool Resilience::calibrate() {
  const PlanSpace space(study_.search, network_);
  std::vector<FlipCampaign> campaigns;
  for (const WidthPair& pair : calibration_widths(study_.search)) {
    std::optional<FlipCampaign> campaign =
        runs_.of_plan(space.uniform(pair), request(), "failures of " + uniform_label(pair));
    if (!campaign) return false;
    campaigns.push_back(std::move(*campaign));
  }
  predictor_ = std::make_shared<const FailurePredictor>(network_, study_.hardware.auxiliary_bits,
                                                        options(), campaigns);
  return true;
}

ResilienceSummary Resilience::summary() const {
  ResilienceSummary summary;
  for (const auto site : options().sites) summary.sites.emplace_back(enum_name(site));
  summary.bit_rate = options().bit_rate;
  summary.images = options().images;
  for (const WidthPair& pair : calibration_widths(study_.search))
    summary.calibrated_on.push_back(uniform_label(pair));
  summary.risks = predictor_->risks(network_);
  return summary;
}

FailureCheck Resilience::check_of(const CodesignResult& result, std::size_t evaluated,
                                  const FlipCampaign& campaign,
                                  const HardwareModel& hardware) const {
  const FailurePredictor::Rate predicted = hardware.failures_of(result.evaluated[evaluated].plan);
  FailureCheck check;
  check.evaluated = evaluated;
  check.predicted = predicted.failures;
  check.predicted_error = predicted.standard_error;
  check.predicted_bits = predicted.stored_bits;
  for (const FlipGroup& group : campaign.groups) {
    check.stored_bits += group.stored_bits();
    check.inferences += group.inferences;
    check.failures += group.failures;
  }
  const auto of_share = [&](double share) {
    return expected_failures(share, check.stored_bits, options().bit_rate);
  };
  check.measured =
      of_share(static_cast<double>(check.failures) / static_cast<double>(check.inferences));
  check.low = of_share(campaign.low);
  check.high = of_share(campaign.high);
  return check;
}

bool Resilience::measure_finished(CodesignResult& result,
                                  std::span<const train::FinishedPlan> finished,
                                  const HardwareModel& hardware) {
  HWFLOW_CHECK(finished.size() == result.plans.size(), "not one network for every plan");
  FlipRequest wanted = request();
  wanted.flips = options().measured_flips;
  wanted.of_each_group = false;
  wanted.set = FlipImages::test;
  const std::string training = finetune_text(study_.finish, study_.search.seed);
  std::vector<FailureCheck> checks;
  for (std::size_t i = 0; i < finished.size(); ++i) {
    const PlanDetails& plan = result.plans[i];
    const auto campaign = runs_.of_finished(finished[i], result.evaluated[plan.evaluated].plan,
                                            training, wanted, "failures of " + plan.label);
    if (!campaign) return false;
    checks.push_back(check_of(result, plan.evaluated, *campaign, hardware));
  }
  result.resilience->plans = std::move(checks);
  return true;
}

bool Resilience::check_predictor(CodesignResult& result, const HardwareModel& hardware) {
  FlipRequest wanted = request();
  wanted.flips = options().measured_flips;
  wanted.of_each_group = false;
  std::vector<FailureCheck> checks;
  std::vector<double> predicted, measured;
  const auto count = static_cast<std::size_t>(options().checked_plans);
  for (const std::size_t i : spread_by_failures(result, count)) {
    const auto campaign = runs_.of_plan(result.evaluated[i].plan, wanted,
                                        fmt::format("failures of plan {}, a check", i));
    if (!campaign) return false;
    checks.push_back(check_of(result, i, *campaign, hardware));
    predicted.push_back(checks.back().predicted);
    measured.push_back(checks.back().measured);
  }
  result.resilience->drawn = std::move(checks);
  result.resilience->rank_correlation = rank_correlation(predicted, measured);
  return true;
}

}  // namespace hwflow::study
