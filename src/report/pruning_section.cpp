#include <fmt/format.h>

#include <string>

#include "report/charts.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

std::string row(std::string_view what, const std::string& before, const std::string& after,
                const std::string& left) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", what, before, after,
                     left);
}

std::string count_row(std::string_view what, std::int64_t before, std::int64_t after) {
  return row(
      what, count_text(before), count_text(after),
      percent_text(study::share_of(static_cast<double>(after), static_cast<double>(before))));
}

/// Costs of the plan, and of the reference where that is another.
class Costs {
 public:
  Costs(const study::CodesignResult& result, std::size_t plan, std::size_t reference)
      : clock_mhz_(result.accelerator.clock_mhz),
        compared_(plan != reference),
        before_(result.evaluated[result.plans[reference].evaluated].hardware),
        after_(result.evaluated[result.plans[plan].evaluated].hardware) {}

  [[nodiscard]] std::string row_of(CostAxis axis, std::string (*text)(double)) const {
    const double before = cost_of(before_, axis, clock_mhz_);
    const double after = cost_of(after_, axis, clock_mhz_);
    return row(name(axis), compared_ ? text(before) : "-", text(after),
               compared_ ? percent_text(study::share_of(after, before)) : "-");
  }

 private:
  double clock_mhz_;
  bool compared_;
  const study::HardwareCost& before_;
  const study::HardwareCost& after_;
};

std::string totals(const study::CodesignResult& result, std::size_t plan, std::size_t reference) {
  const study::NetworkSummary& whole = result.network;
  const study::NetworkSize& left = result.plans[plan].size;
  const Costs costs(result, plan, reference);
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th></th><th>whole network</th><th>this plan</th>"
      "<th>left</th></tr>\n";
  html += count_row("channels", whole.channels, left.channels);
  html += count_row("MACs", whole.macs, left.macs);
  html += count_row("parameters", whole.parameters, left.parameters);
  if (has_energy(result)) html += costs.row_of(CostAxis::energy, energy_text);
  html += costs.row_of(CostAxis::latency, time_text);
  html += costs.row_of(CostAxis::dram, bytes_text);
  return html + "</table></div>\n";
}

std::string totals_note(const study::CodesignResult& result, std::size_t plan,
                        std::size_t reference) {
  std::string note = "Channels are the outputs of all layers with weights; MACs are of one image.";
  if (plan != reference) {
    const auto widths_of = [&](std::size_t i) -> const auto& {
      return result.evaluated[result.plans[i].evaluated].plan.layers;
    };
    note += fmt::format(" Costs of the whole network are those of {}{}.",
                        escape(result.plans[reference].label),
                        widths_of(plan) == widths_of(reference) ? "" : ", so widths count, too");
  }
  return fmt::format("<p class=\"soft\">{}</p>\n", note);
}

std::string legend_of(const study::CodesignResult& result, std::size_t plan,
                      std::size_t reference) {
  const std::string pale =
      plan == reference ? std::string("whole network")
                        : fmt::format("whole network ({})", escape(result.plans[reference].label));
  return legend_entry(R"(<rect x="1" y="2" width="12" height="10" class="seen"/>)", pale) +
         legend_entry(R"(<rect x="1" y="2" width="12" height="10" class="front"/>)", "this plan");
}

std::string caption_of(const study::CodesignResult& result) {
  return fmt::format(
      "Output channels of every layer (above, with how many stay) and its {} (below): pale of the "
      "whole network, solid of what this plan leaves of it.",
      has_energy(result) ? "energy" : "latency");
}

}  // namespace

std::string pruning_section(const study::CodesignResult& result, std::size_t plan,
                            std::size_t reference) {
  if (!removes_channels(result, result.plans[plan])) return {};
  return "<h3>What is left of the network</h3>\n" + totals(result, plan, reference) +
         totals_note(result, plan, reference) +
         figure(channel_chart(result, plan, reference), legend_of(result, plan, reference),
                caption_of(result));
}

}  // namespace hwflow::report
