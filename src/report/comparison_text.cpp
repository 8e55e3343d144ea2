#include <fmt/format.h>

#include <string>
#include <vector>

#include "report/comparison.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::report {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::vector<std::string> plan_row(const study::ComparedAccelerator& machine,
                                  const std::string& what, std::optional<std::size_t> index,
                                  bool has_macs) {
  if (!index) return {machine.label, what, "-"};
  const auto& result = machine.result;
  const auto& plan = result.evaluated[*index];
  const auto shown = details_of(result, *index);
  std::vector<std::string> row{
      machine.label,
      what,
      mean_widths_text(plan.plan),
      accuracy_text(plan.accuracy),
      estimate_text(plan.confirmed),
      estimate_text(shown ? result.plans[*shown].test_integer : std::nullopt),
      energy_text(plan.hardware.energy_pj),
      time_text(seconds_of(plan.hardware.cycles, result.accelerator.clock_mhz)),
      bytes_text(static_cast<double>(plan.hardware.model_bits))};
  if (has_macs) row.push_back(macs_text(static_cast<double>(plan.hardware.macs)));
  return row;
}

std::string transfer_text(const study::ComparisonResult& comparison,
                          const study::TransferMatrix& matrix) {
  Rows rows{{fmt::format("{}: plan of, on", name(matrix.cost))}};
  for (const auto& machine : comparison.accelerators) rows.front().push_back(machine.label);
  for (std::size_t from = 0; from < matrix.cells.size(); ++from) {
    rows.push_back({comparison.accelerators[from].label});
    for (const auto& cell : matrix.cells[from]) rows.back().push_back(ratio_text(cell));
  }
  std::string text = "\n";
  return text += aligned(rows);
}

}  // namespace

std::string comparison_text(const study::ComparisonResult& comparison) {
  Rows rows{{"accelerator", "plan", "bits w / in", "search accuracy", "confirmed", "test accuracy",
             "energy", "latency", "model"}};
  const bool has_macs = macs_differ(comparison);
  if (has_macs) rows.front().emplace_back("MACs");
  for (const auto& machine : comparison.accelerators) {
    rows.push_back(plan_row(machine, "widest uniform", widest_uniform(machine.result), has_macs));
    rows.push_back(plan_row(machine, "least energy", machine.least_energy, has_macs));
    rows.push_back(plan_row(machine, "least latency", machine.least_latency, has_macs));
  }
  std::string text = aligned(rows);
  text += fmt::format(
      "Least energy and latency of plans within {:.2f} points of float ({}) on the search images. "
      "{} plans measured for {} evaluations.\n",
      100.0 * comparison.tolerance, accuracy_text(comparison.float_search),
      comparison.distinct_plans, comparison.evaluations);
  for (const auto& matrix : comparison.transfers) text += transfer_text(comparison, matrix);
  if (!comparison.transfers.empty()) {
    text +=
        "Best plan of the row's machine on the column's, by that one's own best plan at no lower "
        "accuracy.\n";
  }
  return text;
}

}  // namespace hwflow::report
