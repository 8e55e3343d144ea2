#include "report/budget_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "report/csv.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "study/budget_winners.hpp"
#include "study/search.hpp"

namespace hwflow::report {
namespace {

using schema::Value;
using study::Objective;
using Cells = std::vector<std::string>;

/// A cost and what tables call it, its column in CSV files, and its unit.
struct Cost {
  Objective of;
  const char* head;
  const char* column;
  const char* unit;
};
constexpr std::array kCosts{Cost{Objective::energy, "energy", "energy_pj", "pJ"},
                            Cost{Objective::latency, "latency", "cycles", "cycles"},
                            Cost{Objective::dram, "DRAM", "dram_bits", "bits"},
                            Cost{Objective::model_size, "model", "model_bits", "bits"},
                            Cost{Objective::macs, "MACs", "macs", "MACs"},
                            Cost{Objective::failure_rate, "failures", "failure_rate", ""}};

double value_of(Objective of, const study::HardwareCost& hardware) {
  return study::objective_value(of, {}, hardware);
}

double share_of_reference(const study::CodesignResult& result, Objective of,
                          const study::HardwareCost& hardware) {
  return study::share_of(value_of(of, hardware), value_of(of, result.budget_reference->hardware));
}

/// Is there anything to tell of that cost?
bool is_shown(const study::CodesignResult& result, Objective of) {
  if (of == Objective::energy) return has_energy(result);
  if (of == Objective::failure_rate) return result.resilience.has_value();
  return of != Objective::macs || macs_differ(result);
}

/// Has it a column in files? Those of the hardware always have.
bool is_told(const study::CodesignResult& result, Objective of) {
  return of != Objective::failure_rate || result.resilience.has_value();
}

std::string cost_text(const study::CodesignResult& result, Objective of, double value) {
  switch (of) {
    case Objective::accuracy: break;
    case Objective::energy: return energy_text(value);
    case Objective::latency:
      return time_text(seconds_of(std::llround(value), result.accelerator.clock_mhz));
    case Objective::dram:
    case Objective::model_size: return bytes_text(value);
    case Objective::macs: return macs_text(value);
    case Objective::failure_rate: break;  // nobody has a budget of it
  }
  return {};
}

/// What `value` says of every limit, joined.
template <class ValueOf>
std::string joined(const study::CodesignResult& result, const study::BudgetWinner& winner,
                   ValueOf value) {
  std::string text;
  for (const study::BudgetLimit& limit : winner.limits)
    text += (text.empty() ? "" : ", ") + cost_text(result, limit.of, value(limit));
  return text;
}

/// What other tables call the winner, unless that says the budget again.
std::string plan_text(const study::CodesignResult& result, const study::BudgetWinner& winner) {
  const std::size_t evaluated = *winner.evaluated;
  if (const auto shown = details_of(result, evaluated)) {
    const std::string& label = result.plans[*shown].label;
    return label.ends_with(" within " + study::budget_text(winner.limits)) ? "pick of this budget"
                                                                           : label;
  }
  return fmt::format("{}plan {}", result.evaluated[evaluated].on_front ? "front, " : "", evaluated);
}

Cells head_of(const study::CodesignResult& result) {
  Cells head{"within", "at most", "plan", search_measure(result)};
  if (result.float_confirmation) head.emplace_back("confirmed");
  head.emplace_back("costs");
  for (const Cost& cost : kCosts)
    if (is_shown(result, cost.of)) head.emplace_back(cost.head);
  return head;
}

Cells row_of(const study::CodesignResult& result, const study::BudgetWinner& winner) {
  Cells row{(winner.of_all ? "all at once: " : "") + study::budget_text(winner.limits),
            joined(result, winner, [](const study::BudgetLimit& limit) { return limit.most; })};
  if (!winner.evaluated) {
    row.emplace_back("no measured plan");
    row.resize(head_of(result).size(), "-");
    return row;
  }
  const study::EvaluatedPlan& plan = result.evaluated[*winner.evaluated];
  row.push_back(plan_text(result, winner));
  row.push_back(measure_text(result, plan.accuracy));
  if (result.float_confirmation) row.push_back(estimate_text(plan.confirmed));
  row.push_back(joined(result, winner, [&](const study::BudgetLimit& limit) {
    return value_of(limit.of, plan.hardware);
  }));
  for (const Cost& cost : kCosts)
    if (is_shown(result, cost.of))
      row.push_back(percent_text(share_of_reference(result, cost.of, plan.hardware)));
  return row;
}

/// Cells of one cost: limit as a share and absolute, what the plan costs and its share.
std::string cost_cells(const study::CodesignResult& result, const study::BudgetWinner& winner,
                       Objective of) {
  const auto limit = std::ranges::find(winner.limits, of, &study::BudgetLimit::of);
  std::string cells =
      limit == winner.limits.end() ? ",," : fmt::format(",{},{}", limit->share, limit->most);
  if (!winner.evaluated || (of == Objective::energy && !has_energy(result))) return cells + ",,";
  const study::HardwareCost& hardware = result.evaluated[*winner.evaluated].hardware;
  return cells +
         fmt::format(",{},{}", value_of(of, hardware), share_of_reference(result, of, hardware));
}

std::string accuracy_cells(const std::optional<train::AccuracyEstimate>& accuracy) {
  return accuracy ? fmt::format(",{},{}", accuracy->top1(), accuracy->standard_error()) : ",,";
}

std::string csv_line(const study::CodesignResult& result, const study::BudgetWinner& winner) {
  std::string line = fmt::format("{},{},{}", csv_cell(study::budget_text(winner.limits)),
                                 winner.of_all ? 1 : 0, winner.within);
  const study::EvaluatedPlan* plan =
      winner.evaluated ? &result.evaluated[*winner.evaluated] : nullptr;
  line += winner.evaluated ? fmt::format(",{}", *winner.evaluated) : ",";
  const bool has_accuracy = plan != nullptr && !result.ranked_by_proxy;
  line += accuracy_cells(has_accuracy ? std::optional(plan->accuracy) : std::nullopt);
  line +=
      plan != nullptr && result.ranked_by_proxy ? fmt::format(",{}", plan->accuracy.top1()) : ",";
  line += accuracy_cells(plan != nullptr ? plan->confirmed : std::nullopt);
  for (const Cost& cost : kCosts)
    if (is_told(result, cost.of)) line += cost_cells(result, winner, cost.of);
  return line + "," + (plan != nullptr ? csv_cell(to_text(plan->plan)) : "") + "\r\n";
}

}  // namespace

std::vector<Cells> budget_cells(const study::CodesignResult& result) {
  if (result.budget_winners.empty()) return {};
  std::vector<Cells> rows{head_of(result)};
  for (const study::BudgetWinner& winner : result.budget_winners)
    rows.push_back(row_of(result, winner));
  return rows;
}

std::string budget_note(const study::CodesignResult& result) {
  if (result.budget_winners.empty()) return {};
  const std::string chosen =
      result.ranked_by_proxy ? "by the proxy, which is no accuracy"
      : result.winners_confirmed
          ? fmt::format("by the confirmed accuracy, among the {} most accurate of the search",
                        study::kShortlist)
          : "by the search accuracy, which of the best of many plans is too good to be true";
  return fmt::format("Percentages are of the costs of {}. Plans were chosen {}.",
                     result.budget_reference->label, chosen);
}

std::string budgets_csv(const study::CodesignResult& result) {
  std::string text =
      "within,all_at_once,plans_within,index,accuracy,standard_error,proxy,confirmed,"
      "confirmed_standard_error";
  for (const Cost& cost : kCosts) {
    if (!is_told(result, cost.of)) continue;
    text += fmt::format(",{0}_limit_share,{1}_limit,{1},{0}_share", name(cost.of), cost.column);
  }
  text += ",plan\r\n";
  for (const study::BudgetWinner& winner : result.budget_winners) text += csv_line(result, winner);
  return text;
}

Value limits_value(const study::BudgetWinner& winner) {
  Value limits = Value::list();
  for (const study::BudgetLimit& limit : winner.limits) {
    limits.append(
        Value::map()
            .set("of", std::string(name(limit.of)))
            .set("share", limit.share)
            .set("most", limit.most)
            .set("unit", std::string(std::ranges::find(kCosts, limit.of, &Cost::of)->unit)));
  }
  return limits;
}

Value shares_value(const study::CodesignResult& result, const study::HardwareCost& hardware) {
  Value shares = Value::map();
  for (const Cost& cost : kCosts) {
    if (!is_told(result, cost.of)) continue;
    const bool is_known = cost.of != Objective::energy || has_energy(result);
    shares.set(std::string(name(cost.of)),
               is_known ? Value(share_of_reference(result, cost.of, hardware)) : Value{});
  }
  return shares;
}

}  // namespace hwflow::report
