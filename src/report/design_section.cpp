#include <fmt/format.h>

#include <string>

#include "report/design_charts.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

std::string costs_row(const study::CodesignResult& result, const std::string& label,
                      const std::string& design, const std::string& accuracy,
                      const study::DesignPoint& point) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::string row =
      fmt::format("<tr><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{}</td>",
                  escape(label), escape(design), accuracy);
  for (std::size_t k = 0; k < found.objectives.size(); ++k) {
    row += fmt::format("<td>{} ({})</td>", escape(design_cost_text(result, k, point.costs.at(k))),
                       percent_text(point.costs[k] / found.reference.costs.at(k), 0));
  }
  return row + "</tr>\n";
}

std::string hardware_table(const study::CodesignResult& result) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">plan</th><th "
      "class=\"left\">design</th>"
      "<th>search accuracy</th>";
  for (const std::string& objective : found.objectives)
    html += fmt::format("<th>{}</th>", escape(design_cost_name(objective)));
  html += "</tr>\n" + costs_row(result,
                                fmt::format("reference, {}", widths_text(found.reference_widths)),
                                found.reference_design, "", found.reference);
  study::DesignPoint limits;
  limits.costs = found.limits;
  html += costs_row(result, "limits", "", percent_text(found.least_accuracy), limits);
  for (const auto& plan : result.plans) {
    html += costs_row(result, plan.label, found.chosen_designs.at(plan.evaluated),
                      accuracy_text(result.evaluated.at(plan.evaluated).accuracy),
                      found.chosen.at(plan.evaluated));
    if (const study::OwnDesign* own = own_design(result, plan.evaluated))
      html +=
          costs_row(result, plan.label + ", " + own_design_text(*own), own->design, "", own->point);
  }
  return html +
         "</table></div>\n<p class=\"soft\">In brackets: share of what the reference costs. A plan "
         "is "
         "shown on the design of least geometric mean of costs among those within the limits; "
         "uniform baselines on the reference and, in a row of their own, on the design that the "
         "same rule gives them (none within the limits: the nearest to them).</p>\n";
}

std::string introduction(const study::CodesignResult& result) {
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::int64_t considered = 0, refused = 0;
  for (const auto& strategy : found.strategies) {
    ++considered;
    refused += strategy.evaluated ? 0 : 1;
  }
  std::string text = fmt::format(
      "<p>{} search over plans and {} designs (space: {}). {} plans were looked at and {} measured",
      found.order == "nested" ? "Nested" : "Sequential", count_text(found.designs),
      escape(found.space), count_text(considered), count_text(result.accuracy_evaluations));
  if (found.order == "nested") {
    text += fmt::format("; {} were not, because no design runs them within the limits",
                        count_text(refused));
  }
  if (!found.curve.empty()) {
    const auto& last = found.curve.back();
    text +=
        fmt::format(". {:.1f} s, of these {:.1f} s for designs; hypervolume {:.4f}; {} pairs",
                    last.seconds, last.hardware_seconds, last.hypervolume, count_text(last.pairs));
  }
  return text + ".</p>\n";
}

}  // namespace

std::string design_section(const study::CodesignResult& result) {
  if (!result.hardware_search) return {};
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::string html = "<h2>Designs</h2>\n" + introduction(result) + hardware_table(result) +
                     "<div class=\"pair\">\n";
  for (std::size_t k = 0; k < found.objectives.size(); ++k) {
    html += figure(pairs_chart(result, k), {},
                   fmt::format("Every plan of a pair on its design of least {} within the limits "
                               "(line: the limit); stars: picks, diamonds: baselines on the "
                               "reference.",
                               escape(design_cost_name(found.objectives[k]))));
  }
  html += figure(pair_curve_chart(result, CurveAxis::evaluations), {},
                 "Share of the box of accuracy and costs that the pairs so far dominate.");
  html += figure(pair_curve_chart(result, CurveAxis::seconds), {}, "The same by time.");
  html += "</div>\n";
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    html += figure(layer_costs_chart(result, i), {},
                   fmt::format("Bits, latency and DRAM traffic of every layer: {} on {}.",
                               escape(result.plans[i].label),
                               escape(found.chosen_designs.at(result.plans[i].evaluated))));
  }
  return html;
}

}  // namespace hwflow::report
