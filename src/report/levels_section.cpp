#include <fmt/format.h>

#include <cmath>
#include <string>

#include "report/charts.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

std::string volume_text(const std::optional<double>& volume) {
  return volume ? fmt::format("{:.4f}", *volume) : "-";
}

std::string row(const study::LevelSummary& level, const study::GenerationSummary& before) {
  const auto& last = level.generations.back();
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{:.4f}</td><td>{}</td></tr>\n",
      name(level.model), space_text(level), level.generations.size() - 1,
      count_text(last.evaluations - before.evaluations), count_text(level.priced),
      count_text(level.skipped), count_text(last.schedules_searched - before.schedules_searched),
      time_text(last.seconds - before.seconds), level.front.size(), last.hypervolume,
      volume_text(last.final_hypervolume));
}

std::string table(const study::CodesignResult& result) {
  std::string rows;
  study::GenerationSummary before;
  for (const auto& level : result.levels) {
    rows += row(level, before);
    before = level.generations.back();
  }
  return "<div class=\"scroll\"><table>\n<tr><th>level</th><th>choices</th><th>generations</th>"
         "<th>measured</th><th>priced</th><th>ruled out</th><th>schedules</th><th>time</th>"
         "<th>front</th><th>hypervolume</th><th>in the end</th></tr>\n" +
         rows +
         "</table></div>\n<p class=\"soft\">Choices: plans that the level could choose from. "
         "Measured: accuracies that were not known before. Priced: plans by the level's model; "
         "ruled out: known plans that it need not price, because their bounds are dominated. "
         "Schedules: layers mapped, or plans fused. In the end: hypervolume with the costs of the "
         "last level.</p>\n";
}

std::string legend(const study::CodesignResult& result, bool with_own) {
  std::string entries;
  for (const auto& level : result.levels) {
    const int colour = static_cast<int>(level.model);
    entries +=
        legend_entry(fmt::format("<circle cx=\"7\" cy=\"7\" r=\"4\" class=\"p{}\"/>", colour),
                     std::string(name(level.model)));
  }
  if (with_own) {
    entries += legend_entry("<line x1=\"0\" y1=\"7\" x2=\"14\" y2=\"7\" class=\"l0 own\"/>",
                            "by the level's own model");
  }
  return entries;
}

}  // namespace

std::string levels_section(const study::CodesignResult& result) {
  if (result.levels.size() < 2) return {};
  std::string html = "<h2>Levels of abstraction</h2>\n" + table(result) + "<div class=\"pair\">\n";
  html += figure(level_curves_chart(result), legend(result, true),
                 "Hypervolume of all plans so far. Solid lines price them as the last level does, "
                 "so that levels can be compared; dashed ones as the level itself does.");
  for (const CostAxis axis : objective_axes(result)) {
    html += figure(level_fronts_chart(result, axis), legend(result, false),
                   fmt::format("What each level handed on, its {} by its own model: no more than "
                               "the next level says of the same plan.",
                               name(axis)));
  }
  return html + "</div>\n";
}

}  // namespace hwflow::report
