#include "report/prune_page.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

std::string cards(const PruneReport& report) {
  const auto cost_of = [&](std::size_t plan) -> const study::HardwareCost& {
    return report.result.evaluated[report.result.plans[plan].evaluated].hardware;
  };
  const study::HardwareCost& whole = cost_of(kWholePlan);
  const study::HardwareCost& left = cost_of(kPrunedPlan);
  const auto real = [](std::int64_t value) { return static_cast<double>(value); };
  std::string html;
  if (has_energy(report.result))
    html += card(times_less_text(whole.energy_pj, left.energy_pj), "less energy");
  html += card(times_less_text(real(whole.cycles), real(left.cycles)), "less latency");
  html += card(times_less_text(real(whole.macs), real(left.macs)), "fewer MACs");
  const auto accuracy = [&](const train::AccuracyEstimate& of, const std::string& what) {
    if (of.total > 0) html += card(accuracy_text(of), "test accuracy, " + what);
  };
  accuracy(report.whole, "whole network");
  accuracy(report.untrained, "channels removed");
  if (report.trained)
    accuracy(*report.trained,
             fmt::format("trained for {} epoch{}", report.epochs, report.epochs == 1 ? "" : "s"));
  return "<div class=\"cards\">\n" + html + "</div>\n";
}

std::string layer_table(const PruneReport& report) {
  const study::PlanDetails& whole = report.result.plans[kWholePlan];
  const study::PlanDetails& left = report.result.plans[kPrunedPlan];
  const double clock = report.result.accelerator.clock_mhz;
  const auto part = [](double after, double before) {
    return before > 0.0 ? percent_text(after / before) : std::string("-");
  };
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">layer</th><th>channels</th><th>of"
      "</th><th>MACs</th><th>left</th><th>energy</th><th>left</th><th>latency</th><th>left</th>"
      "</tr>\n";
  for (std::size_t i = 0; i < left.layers.size(); ++i) {
    const study::LayerDetails& before = whole.layers[i];
    const study::LayerDetails& after = left.layers[i];
    const auto real = [](std::int64_t value) { return static_cast<double>(value); };
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escape(after.name), after.channels, after.channels_whole, count_text(after.macs),
        part(real(after.macs), real(before.macs)), energy_text(after.energy_pj),
        part(after.energy_pj, before.energy_pj), time_text(seconds_of(after.cycles, clock)),
        part(real(after.cycles), real(before.cycles)));
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string prune_page(const PruneReport& report) {
  const study::CodesignResult& result = report.result;
  const std::string title = escape(result.network.name.empty() ? "network" : result.network.name);
  std::string page = fmt::format(
      "<h1>{}: channels removed</h1>\n<p class=\"soft\">on {}, {} &middot; channels by {} &middot; "
      "seed {} &middot; hwflow {}</p>\n",
      title, escape(result.accelerator.name), escape(result.data), escape(report.chosen_by),
      result.seed, escape(result.version));
  page += cards(report);
  page += fmt::format("<p class=\"soft\">{}</p>\n", escape(report.conditions));
  page += pruning_section(result, kPrunedPlan, kWholePlan);
  page += "<h2>Layers</h2>\n" + layer_table(report);
  page += files_section(report.files);
  return framed_page(title + " - hwflow prune", page);
}

}  // namespace hwflow::report
