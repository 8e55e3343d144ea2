#include <fmt/format.h>

#include <string>
#include <vector>

#include "report/format.hpp"
#include "report/resilience_tables.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

std::string table_of(const std::vector<std::vector<std::string>>& rows) {
  std::string html = "<div class=\"scroll\"><table>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (const std::string& text : rows[r])
      html += fmt::format("<{0}>{1}</{0}>", r == 0 ? "th" : "td", escape(text));
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::vector<std::vector<std::string>> risk_rows(const study::ResilienceSummary& found) {
  std::vector<std::vector<std::string>> rows{
      {"layer", "site", "bits", "flips", "that failed", "predicted share"}};
  for (const study::FlipRisk& risk : found.risks) {
    rows.push_back({risk.layer, risk.site, fmt::format("{}", risk.bits),
                    count_text(risk.inferences), count_text(risk.failures),
                    fmt::format("{} ± {}", percent_text(risk.share, 3),
                                percent_text(risk.standard_error, 3))});
  }
  return rows;
}

}  // namespace

std::string resilience_section(const study::CodesignResult& result) {
  if (!result.resilience) return {};
  std::string html = "<h2>Failures by flipped bits</h2>\n";
  const std::vector<std::vector<std::string>> rows = failure_cells(result);
  if (!rows.empty()) html += table_of(rows);
  html += "<p class=\"soft\">" + escape(failure_note(result)) + "</p>\n";
  return html +
         "<details><summary>What one flipped bit does, by layer, site and width</summary>\n" +
         table_of(risk_rows(*result.resilience)) + "</details>\n";
}

}  // namespace hwflow::report
