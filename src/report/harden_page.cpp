#include "report/harden_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr std::size_t kColours = 8;

std::string interval_text(const IntervalShare& x, int digits = 2) {
  return fmt::format("{} <small>({:.{}f} to {:.{}f})</small>", percent_text(x.share, digits),
                     100.0 * x.low, digits, 100.0 * x.high, digits);
}

std::string change_text(const std::optional<IntervalShare>& change) {
  if (!change) return "-";
  return fmt::format("{:.2f} <small>({:.2f} to {:.2f})</small>", change->share, change->low,
                     change->high);
}

std::string legend(const HardenReport& report) {
  std::string html = "<div class=\"legend\">";
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    html += fmt::format("<span><i class=\"c{}\"></i>{}</span>", i % kColours,
                        escape(report.rows[i].name));
  return html + "</div>\n";
}

std::string accuracy_table(const HardenReport& report) {
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">network</th><th>clean</th>";
  for (const AttackedColumn& column : report.rows.front().attacked)
    html += fmt::format("<th>attacked, {}</th>", escape(column.eps));
  for (const FaultyColumn& column : report.rows.front().faulty)
    html += fmt::format("<th>{}, bit rate {:g}</th>", escape(column.site), column.bit_rate);
  html += "</tr>\n";
  for (const HardenedRow& row : report.rows) {
    html += fmt::format("<tr><td class=\"left\">{}</td><td>{}</td>", escape(row.name),
                        percent_text(row.clean, 2));
    for (const AttackedColumn& column : row.attacked)
      html += fmt::format("<td>{}</td>", interval_text(column.accuracy));
    for (const FaultyColumn& column : row.faulty)
      html += fmt::format("<td>{}</td>", percent_text(column.accuracy, 2));
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string failure_table(const HardenReport& report) {
  std::string html = fmt::format(
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">network</th><th class=\"left\">site"
      "</th><th>bit rate</th><th>flips an inference</th><th>class changed</th><th>times {}</th>"
      "</tr>\n",
      escape(report.rows.front().name));
  for (std::size_t column = 0; column < report.rows.front().faulty.size(); ++column) {
    for (const HardenedRow& row : report.rows) {
      const FaultyColumn& faulty = row.faulty[column];
      html += fmt::format(
          "<tr><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{:g}</td><td>{}</td><td>{}"
          "</td><td>{}</td></tr>\n",
          escape(row.name), escape(faulty.site), faulty.bit_rate, number_text(faulty.upsets),
          interval_text(faulty.failures), change_text(faulty.change));
    }
  }
  return html + "</table></div>\n";
}

std::string scale_table(const HardenReport& report) {
  std::string html = "<div class=\"scroll\"><table>\n<tr><th class=\"left\">codes</th>";
  for (const HardenedRow& row : report.rows)
    if (!row.scales.empty()) html += fmt::format("<th>{}</th>", escape(row.name));
  html += "</tr>\n";
  for (std::size_t i = 0; i < report.scale_names.size(); ++i) {
    html += fmt::format("<tr><td class=\"left\">{}</td>", escape(report.scale_names[i]));
    for (const HardenedRow& row : report.rows)
      if (!row.scales.empty()) html += fmt::format("<td>{:.3g}</td>", row.scales[i]);
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string failure_lines_chart(const HardenReport& report, const std::string& site) {
  constexpr double kWidth = 560.0, kHeight = 340.0;
  double least_rate = 1.0, most_rate = 0.0, least = 0.5;
  const auto visit = [&](const auto& take) {
    for (std::size_t i = 0; i < report.rows.size(); ++i)
      for (const FaultyColumn& column : report.rows[i].faulty)
        if (column.site == site) take(i, column);
  };
  visit([&](std::size_t, const FaultyColumn& column) {
    least_rate = std::min(least_rate, column.bit_rate);
    most_rate = std::max(most_rate, column.bit_rate);
    for (const double share : {column.failures.share, column.failures.high})
      if (share > 0.0) least = std::min(least, share);
  });
  if (most_rate <= 0.0) return {};
  const Box area = plot_area(kWidth, kHeight);
  const Scale x = Scale::logarithmic(least_rate / 1.5, most_rate * 1.5).on(area.x, area.right());
  const Scale y = Scale::logarithmic(least / 1.5, 1.0).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, "Failures over the rate of flipped bits of " + site);
  draw_axes(svg, area, x, y, "probability that a bit of the " + site + " flips",
            "share of inferences whose class changed");
  const auto height = [&](double share) { return y(std::max(share, y.low())); };
  std::vector<std::vector<Point>> lines(report.rows.size());
  visit([&](std::size_t row, const FaultyColumn& column) {
    const std::string css = fmt::format("m{}", row % kColours);
    const double at = x(column.bit_rate);
    svg.line({at, height(column.failures.low)}, {at, height(column.failures.high)}, css);
    const std::string hover =
        fmt::format("{}, bit rate {:g}: {} ({:.2f} to {:.2f})", report.rows[row].name,
                    column.bit_rate, percent_text(column.failures.share, 2),
                    100.0 * column.failures.low, 100.0 * column.failures.high);
    if (column.failures.share > 0.0) {
      lines[row].push_back({at, height(column.failures.share)});
      svg.circle(lines[row].back(), 3.5, fmt::format("c{}", row % kColours), hover);
    } else {  // nothing failed: no more than the interval's end
      svg.arrow_down({at, height(column.failures.high)}, 4.0, fmt::format("c{}", row % kColours),
                     hover);
    }
  });
  for (std::size_t row = 0; row < lines.size(); ++row)
    if (lines[row].size() > 1) svg.polyline(lines[row], fmt::format("m{}", row % kColours));
  return svg.str();
}

std::string scale_change_chart(const HardenReport& report) {
  if (report.scale_names.empty() || report.rows.front().scales.empty()) return {};
  std::vector<std::string_view> names(report.scale_names.begin(), report.scale_names.end());
  const LayerSlots slots = layer_slots(names, 12.0, 200.0);
  double most = 1.1;
  const auto ratio = [&](const HardenedRow& row, std::size_t i) {
    const double first = report.rows.front().scales[i];
    return first > 0.0 && row.scales[i] > 0.0 ? row.scales[i] / first : 1.0;
  };
  for (const HardenedRow& row : report.rows)
    for (std::size_t i = 0; i < row.scales.size(); ++i)
      most = std::max({most, ratio(row, i), 1.0 / ratio(row, i)});
  const Scale y =
      Scale::logarithmic(1.0 / (1.1 * most), 1.1 * most).on(slots.area.bottom(), slots.area.y);
  Svg svg(slots.figure_width, slots.figure_height,
          "Scales over those of " + report.rows.front().name);
  draw_y_axis(svg, slots.area, y, "scale, times " + report.rows.front().name);
  svg.line({slots.area.x, y(1.0)}, {slots.area.right(), y(1.0)}, "roof minor");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double left = slots.area.x + slots.width * static_cast<double>(i);
    draw_layer_name(svg, slots, left, names[i]);
    for (std::size_t row = 1; row < report.rows.size(); ++row) {
      if (report.rows[row].scales.empty()) continue;
      svg.circle({left + slots.width / 2, y(ratio(report.rows[row], i))}, 3.5,
                 fmt::format("c{}", row % kColours),
                 fmt::format("{}, {}: {:.3g} times, {:.3g}", report.rows[row].name, names[i],
                             ratio(report.rows[row], i), report.rows[row].scales[i]));
    }
  }
  return svg.str();
}

std::string harden_page(const HardenReport& report) {
  const std::string title = escape(report.network);
  std::string page = fmt::format(
      "<h1>{}: clean, attacked and faulty</h1>\n<p class=\"soft\">{} &middot; hwflow {}</p>\n"
      "<p class=\"soft\">{}</p>\n",
      title, escape(report.data), escape(report.version), escape(report.conditions));
  if (!report.training.empty())
    page += fmt::format("<p class=\"soft\">Training: {}</p>\n", escape(report.training));
  page += "<h2>Accuracy</h2>\n" + accuracy_table(report);
  page += "<h2>Failures</h2>\n" + legend(report) + "<div class=\"pair\">\n";
  std::set<std::string> sites;
  for (const FaultyColumn& column : report.rows.front().faulty) {
    if (!sites.insert(column.site).second) continue;
    page +=
        fmt::format("<figure>\n{}<figcaption>Bits of {}. Bars: interval.</figcaption></figure>\n",
                    failure_lines_chart(report, column.site), escape(column.site));
  }
  page += "</div>\n" + failure_table(report);
  if (const std::string chart = scale_change_chart(report); !chart.empty()) {
    page += "<h2>Scales</h2>\n";
    if (report.rows.size() > 1) page += legend(report) + "<figure>\n" + chart + "</figure>\n";
    page += scale_table(report);
  }
  page += files_section(report.files);
  return framed_page(title + " - hwflow harden", page);
}

}  // namespace hwflow::report
