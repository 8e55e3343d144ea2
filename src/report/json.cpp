#include "report/json.hpp"

#include <optional>
#include <utility>

#include "report/budget_tables.hpp"
#include "report/design_tables.hpp"
#include "report/plan_facts.hpp"
#include "report/resilience_tables.hpp"
#include "schema/value.hpp"
#include "schema/write.hpp"

namespace hwflow::report {
namespace {

using schema::Value;

/// Null where energy is not modelled.
Value energy(const study::CodesignResult& result, double value) {
  return has_energy(result) ? Value(value) : Value{};
}

/// 64-bit seeds above 2^63-1 would not survive as JSON integers elsewhere: they become text.
Value seed_value(std::uint64_t seed) {
  return std::in_range<std::int64_t>(seed) ? Value(static_cast<std::int64_t>(seed))
                                           : Value(std::to_string(seed));
}

Value estimate(const std::optional<train::AccuracyEstimate>& accuracy) {
  if (!accuracy) return {};
  return Value::map()
      .set("top1", accuracy->top1())
      .set("standard_error", accuracy->standard_error())
      .set("correct", accuracy->correct)
      .set("total", accuracy->total);
}

/// What the search ranked a plan by, which may be no accuracy.
void set_measure(Value& value, const study::CodesignResult& result,
                 const train::AccuracyEstimate& measured) {
  const bool is_proxy = result.ranked_by_proxy;
  value.set("accuracy", is_proxy ? Value{} : Value(measured.top1()))
      .set("standard_error", is_proxy ? Value{} : Value(measured.standard_error()));
  if (is_proxy) value.set("proxy", measured.top1());
}

void set_costs(Value& value, const study::CodesignResult& result, const study::HardwareCost& cost) {
  value.set("energy_pj", energy(result, cost.energy_pj))
      .set("cycles", cost.cycles)
      .set("dram_bits", cost.dram_bits)
      .set("model_bits", cost.model_bits)
      .set("macs", cost.macs);
  if (result.resilience) value.set("failure_rate", cost.failure_rate);
}

Value plan_value(const study::CodesignResult& result, std::size_t index) {
  const auto& plan = result.evaluated[index];
  Value value =
      Value::map().set("plan", to_text(plan.plan)).set("hardware", result.accelerator.name);
  set_measure(value, result, plan.accuracy);
  value.set("confirmed", estimate(plan.confirmed));
  set_costs(value, result, plan.hardware);
  value.set("generation", plan.generation)
      .set("origin", std::string(name(plan.origin)))
      .set("index", static_cast<std::int64_t>(index));
  return value;
}

Value groups_of(const study::PlanDetails& plan) {
  Value groups = Value::list();
  for (const auto& group : plan.groups) {
    Value layers = Value::list();
    for (const auto& member : group.members) layers.append(member.name);
    groups.append(Value::map()
                      .set("layers", std::move(layers))
                      .set("tile", group.is_fused ? Value(group.tile) : Value{})
                      .set("policies", group.is_fused ? Value(group.policies) : Value{})
                      .set("energy_pj", group.energy_pj)
                      .set("cycles", group.cycles)
                      .set("dram_bits", group.dram_bits)
                      .set("peak_buffer_bits", group.peak_buffer_bits));
  }
  return groups;
}

/// What a plan leaves of the network; only where a search removed channels.
void set_size(Value& value, const study::PlanDetails& plan) {
  Value layers = Value::list();
  for (const auto& layer : plan.layers) {
    layers.append(Value::map()
                      .set("layer", layer.name)
                      .set("channels", layer.channels)
                      .set("channels_whole", layer.channels_whole));
  }
  value.set("parameters", plan.size.parameters);
  value.set("layers", std::move(layers));
}

Value pick_value(const study::CodesignResult& result, const study::PlanDetails& plan) {
  Value value = Value::map().set("label", plan.label).set("reason", plan.reason);
  const Value evaluated = plan_value(result, plan.evaluated);
  for (const auto& entry : *evaluated.as_map()) value.set(entry.key, entry.value);
  value.set("held_out", estimate(plan.held_out));
  value.set("test_fake_quantized", estimate(plan.test_fake_quantized));
  value.set("test_integer", estimate(plan.test_integer));
  Value files = Value::list();
  for (const auto& file : plan.files) files.append(file);
  value.set("files", std::move(files));
  if (!plan.groups.empty()) value.set("groups", groups_of(plan));
  if (removes_channels(result)) set_size(value, plan);
  return value;
}

Value budgets(const study::CodesignResult& result) {
  Value list = Value::list();
  for (const auto& winner : result.budget_winners) {
    Value value = Value::map()
                      .set("limits", limits_value(winner))
                      .set("all_at_once", winner.of_all)
                      .set("plans_within", winner.within);
    if (winner.evaluated) {
      value.set("best", plan_value(result, *winner.evaluated))
          .set("shares", shares_value(result, result.evaluated[*winner.evaluated].hardware));
    } else {
      value.set("best", Value{}).set("shares", Value{});
    }
    list.append(std::move(value));
  }
  return list;
}

Value budget_reference(const study::CodesignResult& result) {
  if (!result.budget_reference) return {};
  Value value = Value::map().set("label", result.budget_reference->label);
  set_costs(value, result, result.budget_reference->hardware);
  return value;
}

Value paired_tests(const study::CodesignResult& result) {
  Value tests = Value::list();
  for (const auto& test : result.paired_tests) {
    tests.append(Value::map()
                     .set("a", result.plans[test.a].label)
                     .set("b", result.plans[test.b].label)
                     .set("difference", test.difference)
                     .set("low", test.low)
                     .set("high", test.high)
                     .set("p_value", test.p_value)
                     .set("both_right", test.both_right)
                     .set("only_a_right", test.only_a_right)
                     .set("only_b_right", test.only_b_right)
                     .set("both_wrong", test.both_wrong));
  }
  return tests;
}

Value headline(const study::CodesignResult& result) {
  if (!result.headline) return {};
  const auto& saving = *result.headline;
  Value value = Value::map()
                    .set("pick", result.plans[saving.pick].label)
                    .set("baseline", result.plans[saving.baseline].label)
                    .set("energy", energy(result, saving.energy))
                    .set("latency", saving.latency)
                    .set("dram", saving.dram)
                    .set("model_size", saving.model_size)
                    .set("macs", saving.macs)
                    .set("tolerance", result.tolerance);
  if (const auto own = headline_on_own_design(result)) {
    value.set("on_own_design", Value::map()
                                   .set("energy", energy(result, own->energy))
                                   .set("latency", own->latency)
                                   .set("dram", own->dram));
  }
  if (const auto test = headline_test(result)) {
    value.set("accuracy_difference", test->difference)
        .set("accuracy_low", test->low)
        .set("accuracy_high", test->high)
        .set("accuracy_p_value", test->p_value);
  }
  return value;
}

Value generations(const std::vector<study::GenerationSummary>& summaries) {
  Value list = Value::list();
  for (const auto& generation : summaries) {
    list.append(
        Value::map()
            .set("generation", generation.generation)
            .set("evaluations", generation.evaluations)
            .set("front_size", generation.front_size)
            .set("hypervolume", generation.hypervolume)
            .set("final_hypervolume",
                 generation.final_hypervolume ? Value(*generation.final_hypervolume) : Value{})
            .set("rank_correlation",
                 generation.rank_correlation ? Value(*generation.rank_correlation) : Value{})
            .set("schedules_searched", generation.schedules_searched)
            .set("seconds", generation.seconds));
  }
  return list;
}

Value widths_of(const std::vector<int>& widths) {
  Value list = Value::list();
  for (const int width : widths) list.append(width);
  return list;
}

Value level_front(const study::CodesignResult& result, const study::LevelSummary& level) {
  Value front = Value::list();
  for (const auto& plan : level.front) {
    Value value = Value::map().set("plan", to_text(plan.plan));
    set_measure(value, result, plan.accuracy);
    set_costs(value, result, plan.hardware);
    value.set("index",
              plan.evaluated ? Value(static_cast<std::int64_t>(*plan.evaluated)) : Value{});
    front.append(std::move(value));
  }
  return front;
}

Value levels_of(const study::CodesignResult& result) {
  Value levels = Value::list();
  for (const auto& level : result.levels) {
    Value widths = Value::list();
    for (std::size_t i = 0; i < level.widths.size(); ++i) {
      widths.append(Value::map()
                        .set("layer", result.network.compute_layers.at(i))
                        .set("weights", widths_of(level.widths[i].weights))
                        .set("inputs", widths_of(level.widths[i].inputs)));
    }
    levels.append(Value::map()
                      .set("model", std::string(name(level.model)))
                      .set("space_log10", level.space_log10)
                      .set("widths", std::move(widths))
                      .set("priced", level.priced)
                      .set("skipped", level.skipped)
                      .set("generations", generations(level.generations))
                      .set("front", level_front(result, level)));
  }
  return levels;
}

Value run_of(const study::CodesignResult& result) {
  Value phases = Value::map();
  for (const auto& phase : result.phases) phases.set(phase.name, phase.seconds);
  return Value::map()
      .set("id", result.run_id)
      .set("study", result.study_name)
      .set("started", result.started)
      .set("version", result.version)
      .set("training_code", result.training_code)
      .set("hardware_code", result.hardware_code)
      .set("seed", seed_value(result.seed))
      .set("threads", result.threads)
      .set("machine", result.machine)
      .set("stopped", result.stopped)
      .set("missing", result.missing)
      .set("network", result.network.name)
      .set("accelerator", result.accelerator.name)
      .set("schedule", result.schedule)
      .set("data", result.data)
      .set("accuracy_method", result.accuracy_method)
      .set("accuracy_is_proxy", result.ranked_by_proxy)
      .set("algorithm", result.algorithm)
      .set("search_caveat", result.search_caveat.empty() ? Value{} : Value(result.search_caveat))
      .set("config_hash", result.config_hash)
      .set("finetune_epochs", result.finetune_epochs)
      .set("accuracies_reused", result.accuracy_cache_hits)
      .set("mappings_searched", result.mappings_searched)
      .set("seconds", std::move(phases));
}

}  // namespace

std::string result_json(const study::CodesignResult& result, const std::string& report_file) {
  check_result(result);
  Value front = Value::list(), baselines = Value::list(), picks = Value::list();
  for (const std::size_t i : result.front) front.append(plan_value(result, i));
  for (const std::size_t i : result.baselines) {
    const auto shown = details_of(result, i);
    baselines.append(shown ? pick_value(result, result.plans[*shown]) : plan_value(result, i));
  }
  for (const auto& plan : result.plans) {
    if (!plan.baseline) picks.append(pick_value(result, plan));
  }
  Value json = Value::map();
  json.set("evaluations", result.accuracy_evaluations);
  json.set("hypervolume",
           result.generations.empty() ? Value{} : Value(result.generations.back().hypervolume));
  json.set("front", std::move(front)).set("baselines", std::move(baselines));
  json.set("picks", std::move(picks));
  json.set("budgets", budgets(result)).set("budget_reference", budget_reference(result));
  json.set("report", report_file.empty() ? Value{} : Value(report_file));
  json.set("headline", headline(result)).set("paired_tests", paired_tests(result));
  json.set("float_search", result.ranked_by_proxy ? Value{} : estimate(result.float_search));
  json.set("float_confirmation", estimate(result.float_confirmation));
  json.set("float_test", estimate(result.float_test));
  json.set("generations", generations(result.generations)).set("levels", levels_of(result));
  if (result.resilience) json.set("resilience", resilience_value(result));
  if (result.hardware_search) json.set("hardware_search", hardware_search_value(result));
  json.set("run", run_of(result));
  return schema::to_json_text(json);
}

}  // namespace hwflow::report
