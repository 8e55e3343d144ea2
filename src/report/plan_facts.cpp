#include "report/plan_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/check.hpp"
#include "report/format.hpp"

namespace hwflow::report {

void check_result(const study::CodesignResult& result) {
  const auto check_all = [](const std::vector<std::size_t>& indices, std::size_t size,
                            const char* what) {
    for (const std::size_t index : indices) HWFLOW_CHECK(index < size, what);
  };
  check_all(result.front, result.evaluated.size(), "a front index beyond the evaluated plans");
  check_all(result.baselines, result.evaluated.size(), "a baseline beyond the evaluated plans");
  for (const auto& level : result.levels) {
    HWFLOW_CHECK(!level.generations.empty(), "a level without a generation");
    for (const auto& plan : level.front) {
      if (plan.evaluated) check_all({*plan.evaluated}, result.evaluated.size(), "a level's plan");
    }
  }
  for (const auto& winner : result.budget_winners) {
    HWFLOW_CHECK(!winner.limits.empty() && result.budget_reference, "a budget of nothing");
    if (winner.evaluated) check_all({*winner.evaluated}, result.evaluated.size(), "a winner");
  }
  for (const auto& plan : result.plans) {
    check_all({plan.evaluated}, result.evaluated.size(), "a shown plan that was not evaluated");
    for (const auto& layer : plan.layers) {
      HWFLOW_CHECK(layer.energy_by_component_pj.size() == result.energy_components.size(),
                   "a layer's energies do not match the components");
      HWFLOW_CHECK(layer.traffic_bits.size() == result.accelerator.level_names.size(),
                   "a layer's traffic does not match the levels");
    }
  }
  for (const auto& plan : result.plans) {
    for (const auto& group : plan.groups) {
      HWFLOW_CHECK(!group.members.empty(), "a group without layers");
      HWFLOW_CHECK(group.energy_by_component_pj.size() == result.energy_components.size(),
                   "a group's energies do not match the components");
    }
  }
  if (result.resilience) {
    for (const auto& check : result.resilience->plans)
      HWFLOW_CHECK(details_of(result, check.evaluated), "failures of a plan that is not shown");
    for (const auto& check : result.resilience->drawn)
      check_all({check.evaluated}, result.evaluated.size(), "failures of an unknown plan");
  }
  for (const auto& test : result.paired_tests) {
    check_all({test.a, test.b}, result.plans.size(), "a paired test of an unknown plan");
  }
  if (result.headline) {
    check_all({result.headline->pick, result.headline->baseline}, result.plans.size(),
              "a headline of an unknown plan");
  }
}

PrecisionPair common_widths(const CompressionPlan& plan) {
  std::map<std::pair<int, int>, int> layers;
  for (const PrecisionPair& pair : plan.layers) ++layers[{pair.weights, pair.inputs}];
  PrecisionPair most;
  int count = 0;
  for (const auto& [pair, number] : layers) {
    if (number <= count) continue;
    count = number;
    most = {pair.first, pair.second};
  }
  return most;
}

std::string widths_text(const PrecisionPair& widths) {
  return fmt::format("{}/{}", widths.weights, widths.inputs);
}

std::string mean_widths_text(const CompressionPlan& plan) {
  if (plan.layers.empty()) return "-";
  double weights = 0.0, inputs = 0.0;
  for (const PrecisionPair& pair : plan.layers) {
    weights += pair.weights;
    inputs += pair.inputs;
  }
  const auto layers = static_cast<double>(plan.layers.size());
  return fmt::format("{:.1f} / {:.1f}", weights / layers, inputs / layers);
}

std::string search_measure(const study::CodesignResult& result) {
  return result.ranked_by_proxy ? "proxy (no accuracy)" : "search accuracy";
}

std::string measure_text(const study::CodesignResult& result,
                         const train::AccuracyEstimate& measured) {
  return result.ranked_by_proxy ? fmt::format("{:.3f}", measured.top1()) : accuracy_text(measured);
}

double shown_points(const study::CodesignResult& result) {
  return result.ranked_by_proxy ? 100.0 : 25.0;
}

bool has_energy(const study::CodesignResult& result) { return !result.energy_components.empty(); }

bool macs_differ(const study::CodesignResult& result) {
  return std::ranges::any_of(result.evaluated, [&](const study::EvaluatedPlan& plan) {
    return plan.hardware.macs != result.evaluated.front().hardware.macs;
  });
}

const study::OwnDesign* own_design(const study::CodesignResult& result, std::size_t evaluated) {
  if (!result.hardware_search) return nullptr;
  for (const study::OwnDesign& own : result.hardware_search->own_designs) {
    if (own.evaluated == evaluated) return &own;
  }
  return nullptr;
}

std::optional<study::Saving> headline_on_own_design(const study::CodesignResult& result) {
  if (!result.headline) return std::nullopt;
  const std::size_t pick = result.headline->pick, baseline = result.headline->baseline;
  const study::OwnDesign* own = own_design(result, result.plans[baseline].evaluated);
  if (own == nullptr) return std::nullopt;
  return study::saving_of(pick, result.evaluated[result.plans[pick].evaluated].hardware, baseline,
                          own->hardware);
}

std::string headline_baseline(const study::CodesignResult& result) {
  const std::string& label = result.plans[result.headline->baseline].label;
  return result.hardware_search ? label + " on the reference design" : label;
}

std::string own_design_text(const study::OwnDesign& own) {
  return own.is_within_limits ? "its own best design"
                              : "its own design nearest to the limits, which none meets";
}

std::vector<double> component_totals(const study::CodesignResult& result,
                                     const study::PlanDetails& plan) {
  std::vector<double> totals(result.energy_components.size(), 0.0);
  const auto add = [&](const std::vector<double>& parts) {
    for (std::size_t c = 0; c < totals.size(); ++c) totals[c] += parts[c];
  };
  for (const auto& group : plan.groups) add(group.energy_by_component_pj);
  if (!plan.groups.empty()) return totals;  // layers by themselves are among them
  for (const auto& layer : plan.layers) add(layer.energy_by_component_pj);
  return totals;
}

bool same_layers(const study::PlanDetails& a, const study::PlanDetails& b) {
  return std::ranges::equal(a.layers, b.layers, {}, &study::LayerDetails::name,
                            &study::LayerDetails::name);
}

bool removes_channels(const study::CodesignResult& result, const study::PlanDetails& plan) {
  return !result.evaluated[plan.evaluated].plan.channels.empty();
}

bool removes_channels(const study::CodesignResult& result) {
  return std::ranges::any_of(result.evaluated,
                             [](const auto& plan) { return !plan.plan.channels.empty(); });
}

std::optional<std::size_t> main_pick(const study::CodesignResult& result) {
  if (result.headline) return result.headline->pick;
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    if (!result.plans[i].baseline) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> find_baseline(const study::CodesignResult& result, int weights,
                                         int inputs) {
  for (const std::size_t index : result.baselines) {
    if (common_widths(result.evaluated[index].plan) == PrecisionPair{weights, inputs}) return index;
  }
  return std::nullopt;
}

std::optional<std::size_t> details_of(const study::CodesignResult& result, std::size_t evaluated) {
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    if (result.plans[i].evaluated == evaluated) return i;
  }
  return std::nullopt;
}

std::string space_text(const study::LevelSummary& level) {
  const double whole = std::floor(level.space_log10 + 1e-9);
  if (whole < 6.0) return count_text(std::llround(std::pow(10.0, level.space_log10)));
  return fmt::format("{:.1f}e{:.0f}", std::pow(10.0, level.space_log10 - whole), whole);
}

std::string hover_text(const study::CodesignResult& result, std::size_t evaluated) {
  const auto& plan = result.evaluated[evaluated];
  const auto shown = details_of(result, evaluated);
  std::string widths = to_text(plan.plan);
  if (widths.size() > 160) widths = widths.substr(0, 160) + " ...";
  const std::string confirmed =
      plan.confirmed ? ", confirmed " + accuracy_text(*plan.confirmed) : std::string{};
  return fmt::format(
      "{}\n{} {}{}\n{}latency {}\nDRAM {}, model {}{}{}\nwidths {}",
      shown ? result.plans[*shown].label
            : fmt::format("plan {} ({}, generation {})", evaluated, name(plan.origin),
                          plan.generation),
      search_measure(result), measure_text(result, plan.accuracy), confirmed,
      has_energy(result) ? fmt::format("energy {}, ", energy_text(plan.hardware.energy_pj)) : "",
      time_text(seconds_of(plan.hardware.cycles, result.accelerator.clock_mhz)),
      bytes_text(static_cast<double>(plan.hardware.dram_bits)),
      bytes_text(static_cast<double>(plan.hardware.model_bits)),
      macs_differ(result) ? ", " + macs_text(static_cast<double>(plan.hardware.macs)) : "",
      result.resilience
          ? fmt::format("\nfailures of a million {}", number_text(1e6 * plan.hardware.failure_rate))
          : "",
      widths);
}

std::optional<study::PairedTest> headline_test(const study::CodesignResult& result) {
  if (!result.headline) return std::nullopt;
  for (const study::PairedTest& test : result.paired_tests) {
    if (test.a == result.headline->pick && test.b == result.headline->baseline) return test;
  }
  return std::nullopt;
}

std::string difference_text(const study::PairedTest& test) {
  return fmt::format("{:+.2f} points", 100.0 * test.difference);
}

std::string interval_text(const study::PairedTest& test) {
  const std::string p =
      test.p_value < 0.001 ? "p < 0.001" : fmt::format("p = {}", number_text(test.p_value));
  return fmt::format("95 % interval {:+.2f} to {:+.2f} (Bonett and Price 2012), exact McNemar {}",
                     100.0 * test.low, 100.0 * test.high, p);
}

std::string headline_accuracy(const study::CodesignResult& result) {
  const auto test = headline_test(result);
  if (!test) return {};
  const auto images = test->both_right + test->only_a_right + test->only_b_right + test->both_wrong;
  return fmt::format("Test accuracy against {}: {}, {}; the same {} images.",
                     result.plans[test->b].label, difference_text(*test), interval_text(*test),
                     count_text(images));
}

std::string test_accuracy_text(const study::CodesignResult& result) {
  if (result.finetune_epochs == 0) {
    return "Test accuracies are those of calibrated networks, without any fine-tuning.";
  }
  return fmt::format(
      "Test accuracies are those after {} epoch{} of quantization-aware fine-tuning.",
      result.finetune_epochs, result.finetune_epochs == 1 ? "" : "s");
}

std::string estimate_text(const std::optional<train::AccuracyEstimate>& accuracy) {
  return accuracy ? accuracy_text(*accuracy) : std::string{"-"};
}

std::string confirmation_text(const study::CodesignResult& result) {
  if (!result.float_confirmation) return {};
  return fmt::format(
      "Confirmed: accuracy on {} further images, held back from search and re-training, "
      "by which plans were picked (float: {}). The search accuracy of the best of many plans is "
      "too good to be true.",
      count_text(result.float_confirmation->total), accuracy_text(*result.float_confirmation));
}

std::string held_out_images_text(const study::CodesignResult& result) {
  return result.float_confirmation
             ? count_text(result.float_confirmation->total) + " confirmation images"
             : count_text(result.float_search.total) + " search images";
}

std::string headline_caveat(const study::CodesignResult& result) {
  const auto picks = std::count_if(result.plans.begin(), result.plans.end(),
                                   [](const study::PlanDetails& plan) { return !plan.baseline; });
  return fmt::format(
      "The headline is chosen among {} pick{} by accuracy after re-training on the {} (held back "
      "from the re-training; float: {}). The test set chose nothing.",
      picks, picks == 1 ? "" : "s", held_out_images_text(result),
      accuracy_text(result.float_confirmation.value_or(result.float_search)));
}

}  // namespace hwflow::report
