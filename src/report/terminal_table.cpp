#include "report/terminal_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "report/budget_tables.hpp"
#include "report/design_charts.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/resilience_tables.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

using Cells = std::vector<std::string>;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Text from outside, without what a terminal would obey.
std::string harmless(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return shown;
}

Cells row_of(const study::CodesignResult& result, const std::string& label, std::size_t index,
             const std::optional<train::AccuracyEstimate>& test) {
  const auto& plan = result.evaluated[index];
  Cells row{harmless(label), mean_widths_text(plan.plan), measure_text(result, plan.accuracy)};
  if (result.float_confirmation) row.push_back(estimate_text(plan.confirmed));
  if (!result.ranked_by_proxy) row.push_back(estimate_text(test));
  if (has_energy(result)) row.push_back(energy_text(plan.hardware.energy_pj));
  row.insert(row.end(), {time_text(seconds_of(plan.hardware.cycles, result.accelerator.clock_mhz)),
                         bytes_text(static_cast<double>(plan.hardware.dram_bits)),
                         bytes_text(static_cast<double>(plan.hardware.model_bits))});
  if (macs_differ(result)) row.push_back(macs_text(static_cast<double>(plan.hardware.macs)));
  if (result.resilience) row.push_back(per_million_text(plan.hardware.failure_rate));
  return row;
}

std::vector<std::size_t> spread(const std::vector<std::size_t>& front, std::size_t most) {
  if (front.size() <= most || most < 2)
    return {front.begin(),
            front.begin() + static_cast<std::ptrdiff_t>(std::min(front.size(), most))};
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < most; ++i) {
    chosen.push_back(front[i * (front.size() - 1) / (most - 1)]);
  }
  return chosen;
}

std::string headline_line(const study::CodesignResult& result) {
  if (!result.headline) return {};
  const std::string accuracy = harmless(headline_accuracy(result));
  std::string text = "\n";
  const auto add = [&](const study::Saving& saving, const std::string& baseline) {
    text += fmt::format(
        "{} against {}: {}latency {}, DRAM {}, model size {}{}\n",
        harmless(result.plans[saving.pick].label), harmless(baseline),
        has_energy(result) ? fmt::format("energy {}, ", percent_text(-saving.energy, 1, true)) : "",
        percent_text(-saving.latency, 1, true), percent_text(-saving.dram, 1, true),
        percent_text(-saving.model_size, 1, true),
        macs_differ(result) ? ", MACs " + percent_text(-saving.macs, 1, true) : "");
  };
  if (const auto own = headline_on_own_design(result)) {
    const study::PlanDetails& base = result.plans[own->baseline];
    add(*own, base.label + " on " + own_design_text(*own_design(result, base.evaluated)));
  }
  add(*result.headline, headline_baseline(result));
  return text + (accuracy.empty() ? accuracy : accuracy + "\n") + headline_caveat(result) + "\n";
}

/// A line for every shown plan of a search that had designs, and what the search was.
std::string designs_text(const study::CodesignResult& result) {
  if (!result.hardware_search || result.hardware_search->curve.empty()) return {};
  const study::HardwareSearchSummary& found = *result.hardware_search;
  std::vector<Cells> rows{{"plan", "design"}};
  for (const std::string& objective : found.objectives)
    rows[0].push_back(design_cost_name(objective));
  const auto add = [&](const std::string& label, const std::string& design,
                       const study::DesignPoint& point) {
    Cells row{harmless(label), harmless(design)};
    for (std::size_t k = 0; k < found.objectives.size(); ++k) {
      row.push_back(fmt::format("{} ({})", design_cost_text(result, k, point.costs.at(k)),
                                percent_text(point.costs[k] / found.reference.costs.at(k), 0)));
    }
    rows.push_back(std::move(row));
  };
  add("reference, " + widths_text(found.reference_widths), found.reference_design, found.reference);
  for (const auto& plan : result.plans) {
    add(plan.label, found.chosen_designs.at(plan.evaluated), found.chosen.at(plan.evaluated));
    if (const study::OwnDesign* own = own_design(result, plan.evaluated))
      add(plan.label + ", " + own_design_text(*own), own->design, own->point);
  }
  const study::PairGeneration& last = found.curve.back();
  return aligned(rows) + fmt::format(
                             "({}: {} plans, {} measured, {:.1f} s, of these {:.1f} s for designs; "
                             "hypervolume {:.4f}, {} pairs)\n\n",
                             found.order, last.considered, last.evaluations, last.seconds,
                             last.hardware_seconds, last.hypervolume, last.pairs);
}

/// A line for every level of a search that had several.
std::string levels_text(const study::CodesignResult& result) {
  if (result.levels.size() < 2) return {};
  std::vector<Cells> rows{{"level", "choices", "measured", "priced", "ruled out", "schedules",
                           "time", "hypervolume", "in the end"}};
  study::GenerationSummary before;
  for (const auto& level : result.levels) {
    const auto& last = level.generations.back();
    rows.push_back(
        {std::string(name(level.model)), space_text(level),
         count_text(last.evaluations - before.evaluations), count_text(level.priced),
         count_text(level.skipped), count_text(last.schedules_searched - before.schedules_searched),
         time_text(last.seconds - before.seconds), fmt::format("{:.4f}", last.hypervolume),
         last.final_hypervolume ? fmt::format("{:.4f}", *last.final_hypervolume) : "-"});
    before = last;
  }
  std::string text = aligned(rows);
  text += '\n';
  return text;
}

/// A line for every budget of the study.
std::string budgets_text(const study::CodesignResult& result) {
  std::vector<Cells> rows = budget_cells(result);
  if (rows.empty()) return {};
  rows[0][0] = result.ranked_by_proxy ? "greatest proxy within" : "most accurate within";
  for (Cells& row : rows)
    for (std::string& cell : row) cell = harmless(cell);
  return fmt::format("\n{}{}\n", aligned(rows), harmless(budget_note(result)));
}

/// Predicted beside measured failures, and how well the predictor ranks.
std::string failures_text(const study::CodesignResult& result) {
  std::vector<Cells> rows = failure_cells(result);
  if (rows.empty()) return {};
  for (Cells& row : rows)
    for (std::string& cell : row) cell = harmless(cell);
  return fmt::format("\n{}{}\n", aligned(rows), harmless(failure_note(result)));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line, rule;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string room(widths[i] - width_of(rows[r][i]), ' ');
      const std::string gap = i == 0 ? "" : "  ";
      line += i == 0 ? rows[r][i] + room : gap + room + rows[r][i];
      rule += gap + std::string(widths[i], '-');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
    if (r == 0) text += rule + '\n';
  }
  return text;
}

std::string terminal_table(const study::CodesignResult& result, std::size_t most_front_rows) {
  check_result(result);
  Cells head{"plan", "bits w / in", search_measure(result)};
  if (result.float_confirmation) head.emplace_back("confirmed");
  if (!result.ranked_by_proxy) head.emplace_back("test accuracy");
  if (has_energy(result)) head.emplace_back("energy");
  head.insert(head.end(), {"latency", "DRAM", "model"});
  if (macs_differ(result)) head.emplace_back("MACs");
  if (result.resilience) head.emplace_back("failures / 1e6");
  std::vector<Cells> rows{std::move(head)};
  for (const auto& plan : result.plans) {
    rows.push_back(row_of(result, plan.label, plan.evaluated,
                          plan.test_integer ? plan.test_integer : plan.test_fake_quantized));
  }
  std::vector<std::size_t> others;  // what the rows above do not show yet
  for (const std::size_t index : result.front) {
    if (!details_of(result, index)) others.push_back(index);
  }
  const auto chosen = spread(others, most_front_rows);
  for (const std::size_t index : chosen) {
    rows.push_back(row_of(result, fmt::format("front, plan {}", index), index, std::nullopt));
  }
  std::string text = levels_text(result) + designs_text(result);
  text += aligned(rows);
  if (chosen.size() < others.size()) {
    text += fmt::format("({} more plans on the front)\n", others.size() - chosen.size());
  }
  const auto measured = [](const study::PlanDetails& plan) {
    return plan.test_integer || plan.test_fake_quantized;
  };
  if (std::any_of(result.plans.begin(), result.plans.end(), measured)) {
    text += test_accuracy_text(result) + "\n";
  }
  text += failures_text(result);
  text += budgets_text(result);
  text += headline_line(result);
  text += surrogate_line(result);
  if (!result.search_caveat.empty()) text += fmt::format("\n{}\n", harmless(result.search_caveat));
  return text;
}

}  // namespace hwflow::report
