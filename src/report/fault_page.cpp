#include "report/fault_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/format.hpp"
#include "report/page_frame.hpp"

namespace hwflow::report {
namespace {

std::string cards(const FaultReport& report) {
  std::string html;
  const std::string confidence = percent_text(report.confidence, 0);
  if (report.all.faults > 0) {
    std::string changed = "of faulty inferences change their class, or crash";
    if (!report.replayed)
      changed += fmt::format(
          " ({} interval {} to {}{}{})", confidence, percent_text(report.all.low, 2),
          percent_text(report.all.high, 2),
          report.interval_of.empty() ? std::string() : " for " + escape(report.interval_of),
          report.other_interval.empty() ? std::string() : "; " + escape(report.other_interval));
    html += card(percent_text(report.all.rate, 2), changed);
    if (report.top5_changed > 0.0)
      html += card(percent_text(report.top5_changed, 2), "lose their class from the five highest");
    if (report.crashed > 0.0)
      html += card(percent_text(report.crashed, 2),
                   "crash: a requantizer is given a shift that it does not have");
    html += card(percent_text(report.all.masked), "are masked: all logits as they were");
    html += card(count_text(report.all.faults),
                 fmt::format("faults of {}, each on {} images",
                             report.replayed ? "a list" : count_text(report.population),
                             count_text(report.images)));
    html += card(percent_text(report.faulty_accuracy, 2), "accuracy with one fault");
  }
  html += card(percent_text(report.fault_free_accuracy, 2), "accuracy without faults");
  if (report.inferences_per_second > 0.0)
    html += card(count_text(static_cast<std::int64_t>(report.inferences_per_second)),
                 "faulty inferences a second");
  return "<div class=\"cards\">\n" + html + "</div>\n";
}

std::string rate_table(const char* first, const std::vector<NamedFaultRate>& rates) {
  std::string html = fmt::format(
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">{}</th><th>faults</th><th>inferences"
      "</th><th>class changed</th><th>from</th><th>to</th><th>masked</th></tr>\n",
      first);
  for (const NamedFaultRate& row : rates) {
    const FaultRate& rate = row.rate;
    const auto share = [&](double value) {
      return rate.faults == 0 ? std::string("-") : percent_text(value, 2);
    };
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        escape(row.name), count_text(rate.faults), count_text(rate.inferences), share(rate.rate),
        share(rate.low), share(rate.high), share(rate.masked));
  }
  return html + "</table></div>\n";
}

std::string curve_section(const FaultReport& report) {
  std::string html = "<h2>Rates of disturbed bits</h2>\n<figure>\n" +
                     fault_curve_chart(report.curve) +
                     "<figcaption>Every bit of the chosen words is disturbed with that "
                     "probability, in each inference anew. Bars: interval.</figcaption></figure>\n";
  html +=
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">bit rate</th><th>upsets an inference"
      "</th><th>inferences</th><th>class changed</th><th>from</th><th>to</th><th>accuracy</th>"
      "</tr>\n";
  for (const FaultPoint& point : report.curve)
    html += fmt::format(
        "<tr><td class=\"left\">{:g}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        point.bit_rate, number_text(point.upsets), count_text(point.rate.inferences),
        percent_text(point.rate.rate, 2), percent_text(point.rate.low, 2),
        percent_text(point.rate.high, 2), percent_text(point.accuracy, 2));
  return html + "</table></div>\n";
}

std::string scale_section(const FaultScales& scales) {
  const bool weights =
      std::ranges::any_of(scales.rows, [](const FaultScale& row) { return row.sum_scale > 0.0; });
  std::string html = fmt::format(
      "<h2>Scales of {}</h2>\n<p class=\"soft\">Step of a code, standard deviation of what is "
      "stored, and the mean square change by a flipped bit over the variance of what it changes "
      "({}), beside the measured share of changed classes.{}</p>\n"
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">layer</th><th>bits</th><th>scale"
      "</th><th>spread</th><th>scale / spread</th>{}<th>predicted damage</th><th>class changed</th>"
      "</tr>\n",
      escape(scales.site), weights ? "the layer's sums" : "the values themselves",
      scales.rank_correlation
          ? fmt::format(" Rank correlation of the two: {:.2f}.", *scales.rank_correlation)
          : std::string(),
      weights ? "<th>unit of a sum</th>" : "");
  for (const FaultScale& row : scales.rows)
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td>{}</td><td>{:.3g}</td><td>{:.3g}</td><td>{:.3g}</td>{}"
        "<td>{:.3g}</td><td>{}</td></tr>\n",
        escape(row.name), row.bits, row.scale, row.spread,
        row.spread > 0.0 ? row.scale / row.spread : 0.0,
        weights ? fmt::format("<td>{:.3g}</td>", row.sum_scale) : std::string(), row.damage,
        fault_rate_text(row.measured));
  return html + "</table></div>\n";
}

}  // namespace

std::string fault_rate_text(const FaultRate& rate) {
  if (rate.faults == 0) return "-";
  return fmt::format("{} ({:.2f} to {:.2f})", percent_text(rate.rate, 2), 100.0 * rate.low,
                     100.0 * rate.high);
}

std::string fault_page(const FaultReport& report) {
  const std::string title = escape(report.network.empty() ? "network" : report.network);
  std::string page = fmt::format(
      "<h1>{}: injected faults</h1>\n<p class=\"soft\">{} on {} &middot; seed {} &middot; hwflow "
      "{}</p>\n",
      title, escape(report.model), escape(report.data), report.seed, escape(report.version));
  page += cards(report);
  page += fmt::format("<p class=\"soft\">{}</p>\n", escape(report.conditions));
  if (!report.curve.empty()) page += curve_section(report);
  if (!report.by_site.empty()) page += "<h2>Sites</h2>\n" + rate_table("site", report.by_site);
  for (const FaultMap& map : report.maps)
    page += fmt::format(
        "<h2>{}</h2>\n<figure>\n{}<figcaption>A dash: no fault "
        "drawn. Empty cells: none of those drawn changed a class.</figcaption>"
        "</figure>\n",
        escape(map.title.empty() ? map.site + " by layer and bit" : map.title),
        fault_map_chart(map));
  if (!report.by_layer.empty()) page += "<h2>Layers</h2>\n" + rate_table("layer", report.by_layer);
  if (!report.by_bit.empty()) page += "<h2>Bits</h2>\n" + rate_table("bit", report.by_bit);
  for (const FaultTable& table : report.tables)
    page += fmt::format("<h2>{}</h2>\n", escape(table.title)) +
            rate_table(table.first_column.c_str(), table.rows);
  for (const FaultScales& scales : report.scales) page += scale_section(scales);
  if (!report.worst.empty()) page += "<h2>Worst faults</h2>\n" + rate_table("fault", report.worst);
  page += files_section(report.files);
  return framed_page(title + " - hwflow inject", page);
}

}  // namespace hwflow::report
