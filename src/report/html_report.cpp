#include "report/html_report.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {

std::string figure(std::string_view svg, std::string_view legend, std::string_view caption) {
  if (svg.empty()) return {};
  const std::string key =
      legend.empty() ? std::string{} : fmt::format("<div class=\"legend\">{}</div>\n", legend);
  return fmt::format("<figure>\n{}{}<figcaption>{}</figcaption>\n</figure>\n", key, svg, caption);
}

namespace {

std::string stopped_text(const study::CodesignResult& result) {
  if (!result.stopped) return {};
  if (result.missing.empty()) return " &middot; <b>stopped before its end</b>";
  return " &middot; <b>stopped before its end</b>: " + escape(result.missing);
}

}  // namespace

std::string html_report(const study::CodesignResult& result) {
  check_result(result);
  const std::string title = escape(result.study_name.empty() ? "co-design" : result.study_name);
  std::string page = fmt::format(
      "<h1>{}</h1>\n<p class=\"soft\">{} on {}{}, {} &middot; hwflow {} &middot; {}{}</p>\n", title,
      escape(result.network.name), escape(result.accelerator.name),
      result.schedule == "fused" ? " in fused groups" : "", escape(result.data),
      escape(result.version), escape(result.started), stopped_text(result));
  page += headline_section(result);
  page += budgets_section(result);
  page += search_section(result);
  page += levels_section(result);
  page += surrogate_section(result);
  page += resilience_section(result);
  page += design_section(result);
  page += plans_section(result);
  page += details_section(result);
  page += run_section(result);
  return framed_page(title + " - hwflow report", page);
}

}  // namespace hwflow::report
