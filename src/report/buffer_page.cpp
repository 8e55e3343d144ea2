#include "report/buffer_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/version.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/sections.hpp"
#include "report/write_report.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 1120.0, kHeight = 420.0;
constexpr double kBitsOfKib = 8192.0;

double kib(std::int64_t bits) { return static_cast<double>(bits) / kBitsOfKib; }
std::string size_text(std::int64_t bits) { return number_text(kib(bits)) + " KiB"; }

Unit unit_of(const BufferReport& report, double largest) {
  switch (report.objective) {
    case chip::Objective::dram: return bytes_unit(largest);
    case chip::Objective::energy: return energy_unit(largest);
    case chip::Objective::latency: return {1e-6, "million cycles"};
    case chip::Objective::edp: break;
  }
  return {1.0, "pJ cycles"};
}

std::string title_of(chip::Objective objective) {
  switch (objective) {
    case chip::Objective::dram: return "DRAM traffic";
    case chip::Objective::energy: return "energy";
    case chip::Objective::latency: return "latency";
    case chip::Objective::edp: break;
  }
  return "energy-delay product";
}

std::string certificate(const chip::NetworkFusion& fusion) {
  return fusion.optimal ? "proved" : "gap " + percent_text(fusion.gap());
}

std::string change(std::optional<double> before, double after) {
  return before && *before > 0.0 ? percent_text(after / *before - 1.0, 1, true) : std::string("-");
}

std::string table(const BufferReport& report) {
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th>buffer</th><th>holds at most</th><th>DRAM bits</th>"
      "<th>energy</th><th>latency</th><th>groups</th><th>against<br>single layers</th>"
      "<th>certificate</th></tr>\n";
  for (const chip::BufferPoint& point : report.front.points) {
    const chip::NetworkFusion& fusion = point.fusion;
    html += fmt::format(
        "<tr><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        size_text(point.buffer_bits), point.is_dominated ? " *" : "", size_text(point.peak_bits),
        count_text(fusion.total.dram_bits), energy_text(fusion.total.energy_pj),
        report.clock_mhz > 0.0 ? time_text(seconds_of(fusion.total.cycles, report.clock_mhz))
                               : count_text(fusion.total.cycles),
        fusion.groups.size(), change(single_layer_value(fusion, report.objective), fusion.value),
        certificate(fusion));
  }
  return html + "</table></div>\n";
}

std::string remarks(const BufferReport& report) {
  std::string html;
  const auto& points = report.front.points;
  if (std::any_of(points.begin(), points.end(), [](const auto& p) { return p.is_dominated; }))
    html += "<p class=\"soft\">*: another point holds no more and costs no more.</p>\n";
  if (report.front.too_small_bits)
    html += fmt::format("<p class=\"soft\">Nothing fits into {} or less.</p>\n",
                        size_text(*report.front.too_small_bits));
  for (const std::string& note : report.notes) html += fmt::format("<p>{}</p>\n", escape(note));
  return html;
}

}  // namespace

std::optional<double> single_layer_value(const chip::NetworkFusion& fusion,
                                         chip::Objective objective) {
  if (!fusion.single_layers) return std::nullopt;
  const chip::NetworkCost& cost = *fusion.single_layers;
  switch (objective) {
    case chip::Objective::dram: return static_cast<double>(cost.dram_bits);
    case chip::Objective::energy: return cost.energy_pj;
    case chip::Objective::latency: return static_cast<double>(cost.cycles);
    case chip::Objective::edp: break;
  }
  return cost.edp();
}

std::string buffer_chart(const BufferReport& report) {
  const auto& points = report.front.points;
  double least = points.front().fusion.value, most = least;
  std::int64_t smallest = points.front().buffer_bits, largest = smallest;
  for (const chip::BufferPoint& point : points) {
    const auto single = single_layer_value(point.fusion, report.objective);
    least = std::min(least, point.fusion.value);
    most = std::max({most, point.fusion.value, single.value_or(0.0)});
    smallest = std::min({smallest, point.buffer_bits, std::max<std::int64_t>(point.peak_bits, 1)});
  }
  const Unit unit = unit_of(report, most);
  const Box area = plot_area(kWidth, kHeight);
  const Scale x =
      Scale::logarithmic(kib(smallest) / 1.05, kib(largest) * 1.05).on(area.x, area.right());
  const Scale y =
      Scale::linear(least * unit.factor, most * unit.factor, 6).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, title_of(report.objective) + " by size of the buffer");
  draw_axes(svg, area, x, y, "buffer (KiB)",
            fmt::format("{} ({})", title_of(report.objective), unit.name));
  // What can be had with each size: a partition serves all sizes from what it holds on.
  std::vector<Point> fused, single;
  for (const chip::BufferPoint& point : points) {
    const double height = y(point.fusion.value * unit.factor);
    if (!point.is_dominated) {
      fused.push_back({fused.empty() ? x(kib(largest)) : fused.back().x, height});
      fused.push_back({x(kib(std::max<std::int64_t>(point.peak_bits, 1))), height});
    }
    if (const auto value = single_layer_value(point.fusion, report.objective))
      single.push_back({x(kib(point.buffer_bits)), y(*value * unit.factor)});
  }
  svg.polyline(fused, "front-line");
  for (const Point& at : single) svg.circle(at, 3.0, "seen", "single layers");
  for (const chip::BufferPoint& point : points) {
    if (point.is_dominated) continue;
    const chip::NetworkFusion& fusion = point.fusion;
    svg.circle({x(kib(std::max<std::int64_t>(point.peak_bits, 1))), y(fusion.value * unit.factor)},
               3.5, "front",
               fmt::format("holds {}\n{} {}\n{} groups, {}\nagainst single layers {}",
                           size_text(point.peak_bits), number_text(fusion.value * unit.factor),
                           unit.name, fusion.groups.size(), certificate(fusion),
                           change(single_layer_value(fusion, report.objective), fusion.value)));
  }
  return svg.str();
}

std::string buffer_page(const BufferReport& report) {
  const std::string title = escape(report.network.empty() ? "network" : report.network);
  std::string page = fmt::format(
      "<h1>{}: fused groups by buffer size</h1>\n<p class=\"soft\">on {}, least {} &middot; hwflow "
      "{}</p>\n",
      title, escape(report.accelerator), name(report.objective), escape(version()));
  page += figure(buffer_chart(report),
                 "<span><i style=\"background:var(--accent)\"></i>fused</span>"
                 "<span><i style=\"background:var(--seen)\"></i>single layers</span>",
                 "Every dot is a partition at the bits that it holds at most; any larger buffer "
                 "holds it too. Single layers are drawn at "
                 "the buffers searched.");
  page += table(report) + remarks(report);
  return framed_page(title + " - hwflow fusion by buffer size", page);
}

void write_buffer_page(const BufferReport& report, const std::filesystem::path& folder) {
  const std::string page = buffer_page(report);
  std::filesystem::create_directories(folder);
  replace_file(folder / "buffers.html", page);
}

}  // namespace hwflow::report
