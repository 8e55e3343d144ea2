#include <fmt/format.h>

#include <string>

#include "report/budget_tables.hpp"
#include "report/format.hpp"
#include "report/sections.hpp"
#include "study/budget_winners.hpp"

namespace hwflow::report {
namespace {

/// Texts stand to the left and may take several lines, numbers stand to the right.
std::string cell(const char* tag, std::size_t column, const std::string& text) {
  return fmt::format("<{0}{1}>{2}</{0}>", tag,
                     column == 0   ? " class=\"wrap\""
                     : column == 2 ? " class=\"left wrap\""
                                   : "",
                     escape(text));
}

/// The plans as text, to be copied.
std::string plans_of(const study::CodesignResult& result) {
  std::string lines;
  for (const study::BudgetWinner& winner : result.budget_winners) {
    if (!winner.evaluated) continue;
    lines += fmt::format("{}\n  {}\n", study::budget_text(winner.limits),
                         to_text(result.evaluated[*winner.evaluated].plan));
  }
  if (lines.empty()) return {};
  return "<details><summary>These plans as text</summary>\n<pre>" + escape(lines) +
         "</pre></details>\n";
}

}  // namespace

std::string budgets_section(const study::CodesignResult& result) {
  const std::vector<std::vector<std::string>> rows = budget_cells(result);
  if (rows.empty()) return {};
  std::string html = fmt::format("<h2>{} within each budget</h2>\n<div class=\"scroll\"><table>\n",
                                 result.ranked_by_proxy ? "Greatest proxy" : "Most accurate");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    html += "<tr>";
    for (std::size_t c = 0; c < rows[r].size(); ++c)
      html += cell(r == 0 ? "th" : "td", c, rows[r][c]);
    html += "</tr>\n";
  }
  return html + "</table></div>\n<p class=\"soft\">" + escape(budget_note(result)) + "</p>\n" +
         plans_of(result);
}

}  // namespace hwflow::report
