#include "report/fusion_page.hpp"

#include <fmt/format.h>

#include <map>

#include "base/version.hpp"
#include "chip/fusion/schedule_text.hpp"
#include "report/format.hpp"
#include "report/fusion_charts.hpp"
#include "report/page_frame.hpp"
#include "report/sections.hpp"
#include "report/write_report.hpp"

namespace hwflow::report {
namespace {

double real(std::int64_t count) { return static_cast<double>(count); }

std::string change(double before, double after) {
  return before > 0.0 ? percent_text(after / before - 1.0, 1, true) : std::string("-");
}

std::string headline(const FusionReport& report) {
  const chip::NetworkFusion& fusion = report.fusion;
  const auto beside = [&](double before, double after) {
    return fusion.single_layers ? fmt::format(" ({} against single layers)", change(before, after))
                                : std::string();
  };
  const chip::NetworkCost single = fusion.single_layers.value_or(chip::NetworkCost{});
  const double clock = report.machine.whole.fields().clock_mhz;
  std::string html = "<div class=\"cards\">\n";
  html += card(bytes_text(real(fusion.total.dram_bits)),
               "DRAM traffic" + beside(real(single.dram_bits), real(fusion.total.dram_bits)));
  html += card(energy_text(fusion.total.energy_pj),
               "energy" + beside(single.energy_pj, fusion.total.energy_pj));
  html += card(time_text(seconds_of(fusion.total.cycles, clock)),
               "latency" + beside(real(single.cycles), real(fusion.total.cycles)));
  html += card(bytes_text(real(fusion.compulsory_dram_bits)),
               "compulsory DRAM traffic: inputs, outputs and weights once");
  html += card(fusion.optimal ? "proved" : fmt::format("gap {}", percent_text(fusion.gap())),
               fmt::format("partition of least {} into {} group{}", name(report.objective),
                           fusion.groups.size(), fusion.groups.size() == 1 ? "" : "s"));
  html += "</div>\n";
  if (fusion.single_layers && !fusion.single_layers_optimal)
    html +=
        "<p class=\"soft\">The mapper did not prove every single layer: better mappings may exist, "
        "and the savings be smaller.</p>\n";
  if (!fusion.single_layers)
    html += fmt::format("<p class=\"soft\">{}: nothing to compare with.</p>\n",
                        fusion.single_mappings.empty() ? "No layer was mapped by itself"
                                                       : "Some layer has no mapping by itself");
  return html;
}

std::string policies(const FusionReport& report, const chip::FusedGroup& group) {
  if (!group.plan) return "mapped by itself";
  return chip::policies_text(report.graph, group.slice, group.plan->schedule);
}

std::string tile(const chip::FusedGroup& group) {
  return group.plan ? chip::tile_text(group.plan->schedule) : "-";
}

std::string group_table(const FusionReport& report) {
  std::map<std::string, std::int64_t> alone;
  for (const auto& mapped : report.fusion.single_mappings)
    for (const std::string& layer : mapped.names) alone[layer] = mapped.result.cost.dram_bits;
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th>group</th><th class=\"left\">layers</th><th>tile</th>"
      "<th>steps</th><th class=\"left\">policies</th><th>DRAM bits<br>single layers</th>"
      "<th>DRAM bits<br>fused</th><th>energy</th><th>cycles</th><th>peak buffer<br>bits</th>"
      "</tr>\n";
  std::size_t number = 0;
  for (const chip::FusedGroup& group : report.fusion.groups) {
    std::string layers;
    std::int64_t before = 0;
    for (const std::string& layer : group.layers) {
      layers += (layers.empty() ? "" : ", ") + layer;
      before += alone.contains(layer) ? alone.at(layer) : 0;
    }
    html += fmt::format(
        "<tr><td>{}</td><td class=\"left\">{}<small>{}</small></td><td>{}</td><td>{}</td>"
        "<td class=\"left\"><small>{}</small></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        ++number,
        group.layers.size() == 1 ? "1 layer" : fmt::format("{} layers", group.layers.size()),
        escape(layers), tile(group), group.plan ? count_text(group.plan->steps) : "-",
        policies(report, group), report.fusion.single_layers ? count_text(before) : "-",
        count_text(group.total.dram_bits), energy_text(group.total.energy_pj),
        count_text(group.total.cycles), count_text(group.peak_buffer_bits));
  }
  const chip::NetworkCost& total = report.fusion.total;
  html += fmt::format(
      "<tr class=\"pick\"><td>all</td><td></td><td></td><td></td><td></td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{}</td><td></td></tr>\n",
      report.fusion.single_layers ? count_text(report.fusion.single_layers->dram_bits) : "-",
      count_text(total.dram_bits), energy_text(total.energy_pj), count_text(total.cycles));
  return html + "</table></div>\n";
}

std::string figures(const FusionReport& report) {
  const bool overlaps = report.machine.room.double_buffered;
  std::string html = "<h2>Timeline</h2>\n";
  html +=
      figure(fusion_timeline_chart(report), "",
             fmt::format("Groups one after the other, numbers as in the table. Below, the share "
                         "of the time that the array computes and that the DRAM port is busy, "
                         "steps that fall on one pixel together, and then each layer by itself. {} "
                         "A layer by itself is drawn "
                         "at its mean.",
                         overlaps ? "Transfers overlap with computing."
                                  : "A step transfers, then computes; drawn in that order."));
  html += "<h2>Buffer occupancy</h2>\n";
  html += figure(occupancy_chart(report), "",
                 "What the buffer holds: live feature maps at the fullest moment of each step, "
                 "staging, and weights. Every pixel shows the largest of its steps, so no peak is "
                 "lost. Staging counts at its largest all along; a layer by itself at its tiles.");
  html += "<h2>Traffic by tensor</h2>\n";
  html += figure(tensor_traffic_chart(report),
                 "<span><i style=\"background:var(--accent)\"></i>fused</span>"
                 "<span><i style=\"background:var(--seen)\"></i>single layers</span>"
                 "<span>| compulsory</span>",
                 "Reads and writes of every feature map and of the weights of every layer. The "
                 "mark is what must move: inputs, outputs and weights once, the rest never. What a "
                 "layer by itself reads of several maps is shared out by their sizes.");
  return html;
}

std::string notes(const FusionReport& report) {
  if (report.notes.empty()) return {};
  std::string html = "<h2>Notes</h2>\n";
  for (const std::string& note : report.notes) html += fmt::format("<p>{}</p>\n", escape(note));
  return html;
}

}  // namespace

std::string fusion_page(const FusionReport& report) {
  const std::string title = escape(report.graph.name.empty() ? "network" : report.graph.name);
  std::string page = fmt::format(
      "<h1>{}: fused groups</h1>\n<p class=\"soft\">on {}, least {} &middot; hwflow {}</p>\n",
      title, escape(report.accelerator), name(report.objective), escape(version()));
  page += headline(report);
  page += "<h2>Groups</h2>\n" + group_table(report);
  page += figures(report);
  page += notes(report);
  return framed_page(title + " - hwflow fusion", page);
}

void write_fusion_page(const FusionReport& report, const std::filesystem::path& folder) {
  const std::string page = fusion_page(report);
  std::filesystem::create_directories(folder);
  replace_file(folder / "fusion.html", page);
}

}  // namespace hwflow::report
