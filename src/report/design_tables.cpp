#include "report/design_tables.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "report/csv.hpp"
#include "report/plan_facts.hpp"

namespace hwflow::report {
namespace {

using schema::Value;

std::string cells(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += fmt::format(",{}", value);
  return text;
}

Value list_of(const std::vector<double>& values) {
  Value list = Value::list();
  for (const double value : values) list.append(value);
  return list;
}

Value list_of(const std::vector<std::string>& values) {
  Value list = Value::list();
  for (const std::string& value : values) list.append(value);
  return list;
}

Value costs_of(const study::HardwareSearchSummary& found, const std::vector<double>& costs) {
  Value map = Value::map();
  for (std::size_t k = 0; k < found.objectives.size(); ++k)
    map.set(found.objectives[k], costs.at(k));
  return map;
}

Value sizes_of(const study::HardwareSearchSummary& found, const study::DesignSizes& sizes) {
  Value map = Value::map();
  for (std::size_t k = 0; k < found.size_names.size(); ++k)
    map.set(found.size_names[k], sizes.at(k));
  return map;
}

Value curve_of(const study::HardwareSearchSummary& found) {
  Value curve = Value::list();
  for (const auto& generation : found.curve) {
    curve.append(Value::map()
                     .set("generation", generation.generation)
                     .set("considered", generation.considered)
                     .set("evaluations", generation.evaluations)
                     .set("pairs", generation.pairs)
                     .set("hypervolume", generation.hypervolume)
                     .set("seconds", generation.seconds)
                     .set("hardware_seconds", generation.hardware_seconds)
                     .set("cpu_seconds", generation.cpu_seconds)
                     .set("rank_correlation", generation.rank_correlation
                                                  ? Value(*generation.rank_correlation)
                                                  : Value{}));
  }
  return curve;
}

Value shown_of(const study::CodesignResult& result) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  Value shown = Value::list();
  for (const auto& plan : result.plans) {
    const study::DesignPoint& point = found.chosen.at(plan.evaluated);
    Value value = Value::map()
                      .set("label", plan.label)
                      .set("index", static_cast<std::int64_t>(plan.evaluated))
                      .set("design", found.chosen_designs.at(plan.evaluated))
                      .set("sizes", sizes_of(found, point.sizes))
                      .set("costs", costs_of(found, point.costs));
    if (const study::OwnDesign* own = own_design(result, plan.evaluated)) {
      value.set("own_design", Value::map()
                                  .set("design", own->design)
                                  .set("within_limits", own->is_within_limits)
                                  .set("sizes", sizes_of(found, own->point.sizes))
                                  .set("costs", costs_of(found, own->point.costs)));
    }
    shown.append(std::move(value));
  }
  return shown;
}

/// Of the columns of sizes and costs.
std::string heads(const study::HardwareSearchSummary& found) {
  std::string text;
  for (const std::string& name : found.size_names) text += fmt::format(",{}", csv_cell(name));
  for (const std::string& name : found.objectives) text += fmt::format(",{}", csv_cell(name));
  return text;
}

}  // namespace

std::string pairs_csv(const study::CodesignResult& result) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::string text = "index,accuracy,standard_error,correct,total";
  text += heads(found);
  text += ",design,plan\r\n";
  for (const study::DesignPair& pair : found.pairs) {
    const auto& plan = result.evaluated.at(pair.evaluated);
    text += fmt::format("{},{},{},{},{}{}{},{},{}\r\n", pair.evaluated, plan.accuracy.top1(),
                        plan.accuracy.standard_error(), plan.accuracy.correct, plan.accuracy.total,
                        cells(pair.point.sizes), cells(pair.point.costs), csv_cell(pair.design),
                        csv_cell(to_text(plan.plan)));
  }
  return text;
}

std::string strategies_csv(const study::CodesignResult& result) {
  std::string text =
      "generation,passes,kept,violation,volume,designs,inside,index,accuracy,plan\r\n";
  for (const auto& strategy : result.hardware_search->strategies) {
    const auto cell = [&](const auto& value) { return value ? fmt::format("{}", *value) : ""; };
    const std::optional<double> accuracy =
        strategy.evaluated ? std::optional(result.evaluated.at(*strategy.evaluated).accuracy.top1())
                           : std::nullopt;
    text += fmt::format("{},{:d},{:d},{},{},{},{},{},{},{}\r\n", strategy.generation,
                        strategy.passes, strategy.is_kept, cell(strategy.violation),
                        strategy.volume, strategy.designs, strategy.inside,
                        cell(strategy.evaluated), cell(accuracy), csv_cell(to_text(strategy.plan)));
  }
  return text;
}

std::string designs_csv(const study::CodesignResult& result) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::string text = "plan,on,index";
  text += heads(found);
  text += ",design\r\n";
  const auto add = [&](const study::PlanDetails& plan, const char* on,
                       const study::DesignPoint& point, const std::string& design) {
    text += fmt::format("{},{},{}{}{},{}\r\n", csv_cell(plan.label), on, plan.evaluated,
                        cells(point.sizes), cells(point.costs), csv_cell(design));
  };
  for (const study::PlanDetails& plan : result.plans) {
    const study::OwnDesign* own = own_design(result, plan.evaluated);
    add(plan, own != nullptr ? "reference" : "best", found.chosen.at(plan.evaluated),
        found.chosen_designs.at(plan.evaluated));
    if (own != nullptr)
      add(plan, own->is_within_limits ? "best" : "nearest", own->point, own->design);
  }
  return text;
}

Value hardware_search_value(const study::CodesignResult& result) {
  if (!result.hardware_search) return {};
  const study::HardwareSearchSummary& found = *result.hardware_search;
  return Value::map()
      .set("order", found.order)
      .set("space", found.space)
      .set("designs", found.designs)
      .set("objectives", list_of(found.objectives))
      .set("reference", Value::map()
                            .set("design", found.reference_design)
                            .set("sizes", sizes_of(found, found.reference.sizes))
                            .set("weights", found.reference_widths.weights)
                            .set("inputs", found.reference_widths.inputs)
                            .set("costs", costs_of(found, found.reference.costs)))
      .set("limits", list_of(found.limits))
      .set("least_accuracy", found.least_accuracy)
      .set("considered", static_cast<std::int64_t>(found.strategies.size()))
      .set("pairs", static_cast<std::int64_t>(found.pairs.size()))
      .set("curve", curve_of(found))
      .set("plans", shown_of(result));
}

}  // namespace hwflow::report
