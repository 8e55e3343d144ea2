#include <fmt/format.h>

#include <string>

#include "report/comparison.hpp"
#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"
#include "report/write_report.hpp"

namespace hwflow::report {
namespace {

using study::Objective;

std::string title_of(const study::ComparisonResult& comparison) {
  return escape(comparison.study_name.empty() ? "comparison" : comparison.study_name);
}

std::string head(const study::ComparisonResult& comparison) {
  std::string stopped;
  if (comparison.stopped) {
    stopped = " &middot; <b>stopped before its end</b>: " + escape(comparison.missing);
  }
  return fmt::format(
      "<h1>{}: {} machines</h1>\n"
      "<p class=\"soft\">{}, {} &middot; {}, seed {} &middot; hwflow {} &middot; {}{}</p>\n",
      title_of(comparison), comparison.accelerators.size(), escape(comparison.network),
      escape(comparison.data), escape(comparison.algorithm), comparison.seed,
      escape(comparison.version), escape(comparison.started), stopped);
}

std::string change(double part, double whole) {
  return percent_text(-study::saving(part, whole), 1, true);
}

std::string plan_row(const study::ComparedAccelerator& machine, const std::string& what,
                     std::optional<std::size_t> index) {
  const auto& result = machine.result;
  const std::string start =
      fmt::format("<tr><td><a href=\"{0}/report.html\">{0}</a></td><td class=\"left\">{1}</td>",
                  escape(machine.label), what);
  if (!index) return start + "<td colspan=\"8\" class=\"left\">none</td></tr>\n";
  const auto& plan = result.evaluated[*index];
  const auto& widest = result.evaluated[result.baselines.front()].hardware;
  const auto shown = details_of(result, *index);
  return start +
         fmt::format(
             "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
             "<td>{}</td></tr>\n",
             mean_widths_text(plan.plan), accuracy_text(plan.accuracy),
             estimate_text(plan.confirmed),
             estimate_text(shown ? result.plans[*shown].test_integer : std::nullopt),
             energy_text(plan.hardware.energy_pj),
             change(plan.hardware.energy_pj, widest.energy_pj),
             time_text(seconds_of(plan.hardware.cycles, result.accelerator.clock_mhz)),
             change(static_cast<double>(plan.hardware.cycles), static_cast<double>(widest.cycles)));
}

std::string plans_table(const study::ComparisonResult& comparison) {
  std::string html =
      "<h2>Best plans</h2>\n<div class=\"scroll\"><table>\n<tr><th>accelerator</th>"
      "<th class=\"left\">plan</th><th>bits w / in</th><th>search accuracy</th><th>confirmed</th>"
      "<th>test accuracy</th><th>energy</th><th>against widest</th><th>latency</th>"
      "<th>against widest</th></tr>\n";
  for (const auto& machine : comparison.accelerators) {
    html += plan_row(machine, "widest uniform", widest_uniform(machine.result));
    html += plan_row(machine, "least energy", machine.least_energy);
    html += plan_row(machine, "least latency", machine.least_latency);
  }
  return html +
         fmt::format(
             "</table></div>\n<p class=\"soft\">Least energy and least latency of the plans within "
             "{:.2f} points of float ({}) on the search images; the search chose them on these, so "
             "that they are a little too good. Confirmed and test accuracies where the report of "
             "the machine has them. {} plans were measured for {} evaluations of all searches.</p>"
             "\n",
             100.0 * comparison.tolerance, accuracy_text(comparison.float_search),
             comparison.distinct_plans, comparison.evaluations);
}

std::string legend(const study::ComparisonResult& comparison) {
  std::string entries;
  for (std::size_t m = 0; m < comparison.accelerators.size(); ++m) {
    entries += legend_entry(
        fmt::format("<circle cx=\"7\" cy=\"7\" r=\"4\" class=\"{}\"/>", component_class(m)),
        escape(comparison.accelerators[m].label));
  }
  return entries;
}

std::string charts(const study::ComparisonResult& comparison) {
  std::string html = "<h2>Fronts</h2>\n<div class=\"pair\">\n";
  for (const CostAxis axis :
       {CostAxis::energy, CostAxis::latency, CostAxis::dram, CostAxis::macs}) {
    if (axis == CostAxis::macs && !macs_differ(comparison)) continue;
    html += figure(comparison_chart(comparison, axis), legend(comparison),
                   fmt::format("Fronts of all machines by {}. Dashed: the tolerance. Stars: the "
                               "best plan of a machine within it.",
                               name(axis)));
  }
  return html + "</div>\n";
}

std::string transfer_table(const study::ComparisonResult& comparison,
                           const study::TransferMatrix& matrix) {
  std::string html = fmt::format(
      "<h3>{}</h3>\n<div class=\"scroll\"><table>\n<tr><th>plan of, "
      "on</th>",
      matrix.cost == Objective::energy ? "Energy" : "Latency");
  for (const auto& machine : comparison.accelerators) {
    html += fmt::format("<th>{}</th>", escape(machine.label));
  }
  html += "</tr>\n";
  for (std::size_t from = 0; from < matrix.cells.size(); ++from) {
    html += fmt::format("<tr><td>{}</td>", escape(comparison.accelerators[from].label));
    for (const auto& cell : matrix.cells[from]) {
      html += fmt::format("<td>{}</td>", ratio_text(cell));
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string transfers_section(const study::ComparisonResult& comparison) {
  if (comparison.transfers.empty()) return {};
  std::string html = "<h2>Plans on other machines</h2>\n";
  for (const auto& matrix : comparison.transfers) html += transfer_table(comparison, matrix);
  return html +
         "<p class=\"soft\">The best plan of the machine of the row, priced on the machine of the "
         "column, by the best that the column's own search found at no lower search accuracy. "
         "1.100: a tenth dearer than what a search for that machine gives. Below 1: the other "
         "search happened on a better plan. -: no plan is within the tolerance, or none is as "
         "accurate.</p>\n";
}

}  // namespace

std::string comparison_page(const study::ComparisonResult& comparison) {
  return framed_page(title_of(comparison) + " - hwflow comparison",
                     head(comparison) + plans_table(comparison) + charts(comparison) +
                         transfers_section(comparison));
}

void write_comparison(const study::ComparisonResult& comparison,
                      const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  replace_file(folder / "index.html", comparison_page(comparison));
  replace_file(folder / "comparison.json", comparison_json(comparison));
  replace_file(folder / "comparison.csv", comparison_csv(comparison));
  replace_file(folder / "transfers.csv", transfers_csv(comparison));
}

}  // namespace hwflow::report
