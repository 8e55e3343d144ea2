#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "report/charts.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

/// Nothing where energy is not modelled.
std::string energy_cell(const study::CodesignResult& result, double pj) {
  return has_energy(result) ? fmt::format("<td>{}</td>", energy_text(pj)) : std::string{};
}
std::string energy_head(const study::CodesignResult& result) {
  return has_energy(result) ? "<th>energy</th>" : "";
}

/// Nothing where all plans have the same.
std::string macs_cell(const study::CodesignResult& result, std::int64_t macs) {
  return macs_differ(result) ? fmt::format("<td>{}</td>", macs_text(static_cast<double>(macs)))
                             : std::string{};
}

/// What re-training gave, where there was any.
std::string trained_cells(const study::CodesignResult& result, const study::PlanDetails& plan) {
  if (result.ranked_by_proxy) return {};
  return fmt::format("<td>{}</td><td>{}</td><td>{}</td>", estimate_text(plan.held_out),
                     estimate_text(plan.test_fake_quantized), estimate_text(plan.test_integer));
}

std::string plan_row(const study::CodesignResult& result, const study::PlanDetails& plan) {
  const auto& evaluated = result.evaluated[plan.evaluated];
  const auto& cost = evaluated.hardware;
  return fmt::format(
      "<tr "
      "class=\"{}\"><td>{}<small>{}</small></td><td>{}</td><td>{}</td>{}{}{}<td>{}</td><td>{}</"
      "td><td>{}</td>{}</tr>\n",
      plan.baseline ? "base" : "pick", escape(plan.label), escape(plan.reason),
      mean_widths_text(evaluated.plan), measure_text(result, evaluated.accuracy),
      result.float_confirmation ? fmt::format("<td>{}</td>", estimate_text(evaluated.confirmed))
                                : "",
      trained_cells(result, plan), energy_cell(result, cost.energy_pj),
      time_text(seconds_of(cost.cycles, result.accelerator.clock_mhz)),
      bytes_text(static_cast<double>(cost.dram_bits)),
      bytes_text(static_cast<double>(cost.model_bits)), macs_cell(result, cost.macs));
}

std::string paired_tests(const study::CodesignResult& result) {
  if (result.paired_tests.empty()) return {};
  std::string html =
      "<h3>Paired tests</h3>\n<p class=\"soft\">Two plans on the same test images, integer "
      "arithmetic. The interval is one of 95 % for the difference (Bonett and Price 2012); p is "
      "that of McNemar's exact test, two-sided.</p>\n<div "
      "class=\"scroll\"><table>\n<tr><th>pick</th>"
      "<th class=\"left\">against</th><th>difference<br>(points)</th><th>95 % interval</th>"
      "<th>p</th><th>only the<br>pick right</th><th>only the<br>other "
      "right</th><th>both<br>right</th>"
      "<th>both<br>wrong</th></tr>\n";
  for (const auto& test : result.paired_tests) {
    html += fmt::format(
        "<tr class=\"pick\"><td>{}</td><td class=\"left\">{}</td><td>{:+.2f}</td>"
        "<td>{:+.2f} to {:+.2f}</td><td>{:.3g}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "</tr>\n",
        escape(result.plans[test.a].label), escape(result.plans[test.b].label),
        100.0 * test.difference, 100.0 * test.low, 100.0 * test.high, test.p_value,
        count_text(test.only_a_right), count_text(test.only_b_right), count_text(test.both_right),
        count_text(test.both_wrong));
  }
  return html + "</table></div>\n";
}

std::string layer_row(const study::CodesignResult& result, const study::LayerDetails& layer,
                      bool is_pruned) {
  const std::string channels =
      is_pruned ? fmt::format("<td>{} / {}</td>", layer.channels, layer.channels_whole) : "";
  const double intensity = layer.dram_bits > 0 ? 8.0 * static_cast<double>(layer.macs) /
                                                     static_cast<double>(layer.dram_bits)
                                               : 0.0;
  return fmt::format(
      "<tr><td>{}</td><td class=\"left\">{}</td><td>{}/{}</td>{}<td>{}</td>{}<td>{}</td>"
      "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      escape(layer.name), escape(layer.shape), layer.plan_index ? layer.weight_bits : 0,
      layer.input_bits, channels, count_text(layer.macs), energy_cell(result, layer.energy_pj),
      time_text(seconds_of(layer.cycles, result.accelerator.clock_mhz)),
      bytes_text(static_cast<double>(layer.dram_bits)), percent_text(layer.utilization),
      number_text(intensity),
      layer.mapping_optimal ? std::string{"optimal"}
                            : fmt::format("gap {}", percent_text(layer.mapping_gap)));
}

std::string layer_table(const study::CodesignResult& result, const study::PlanDetails& plan) {
  const bool is_pruned = removes_channels(result, plan);
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th>layer</th><th class=\"left\">shape</th>"
      "<th>bits w/in</th>" +
      std::string(is_pruned ? "<th>channels<br>kept / whole</th>" : "") + "<th>MACs</th>" +
      energy_head(result) +
      "<th>latency</th><th>DRAM</th>"
      "<th>utilization</th><th>MACs per<br>DRAM byte</th><th>mapping</th></tr>\n";
  for (const auto& layer : plan.layers) html += layer_row(result, layer, is_pruned);
  return html + "</table></div>\n";
}

std::string loop_nests(const study::PlanDetails& plan) {
  std::string html;
  for (const auto& layer : plan.layers) {
    const std::string& text = layer.loop_nest.empty() ? layer.mapping : layer.loop_nest;
    if (text.empty()) continue;
    html +=
        fmt::format("<details><summary>{} <span class=\"soft\">{}</span></summary><pre>{}</pre>",
                    escape(layer.name), escape(layer.shape), escape(text));
    html += "</details>\n";
  }
  return html.empty() ? html : "<h3>Mappings</h3>\n" + html;
}

std::string group_row(const study::CodesignResult& result, const study::GroupDetails& group,
                      std::size_t number) {
  std::string layers;
  for (const auto& member : group.members) {
    layers += fmt::format("{}{} {}/{}", layers.empty() ? "" : ", ", member.name,
                          member.plan_index ? fmt::format("{}", member.weight_bits) : "-",
                          member.input_bits);
  }
  return fmt::format(
      "<tr><td>{}</td><td class=\"left\">{}<small>{}</small></td><td>{}</td>"
      "<td "
      "class=\"left\"><small>{}</small></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
      number,
      group.members.size() == 1 ? "1 layer" : fmt::format("{} layers", group.members.size()),
      escape(layers), group.is_fused ? escape(group.tile) : "-",
      group.is_fused ? escape(group.policies) : "mapped by itself", energy_text(group.energy_pj),
      time_text(seconds_of(group.cycles, result.accelerator.clock_mhz)),
      bytes_text(static_cast<double>(group.dram_bits)),
      bytes_text(static_cast<double>(group.peak_buffer_bits)));
}

std::string group_table(const study::CodesignResult& result, const study::PlanDetails& plan) {
  std::string html =
      "<div class=\"scroll\"><table>\n<tr><th>group</th><th class=\"left\">layers, bits w/in</th>"
      "<th>tile</th><th class=\"left\">policies</th><th>energy</th><th>latency</th><th>DRAM</th>"
      "<th>peak<br>buffer</th></tr>\n";
  std::size_t number = 0;
  for (const auto& group : plan.groups) html += group_row(result, group, ++number);
  return html + "</table></div>\n";
}

/// Of a fused plan: layers in groups have no mapping of their own, the others are shown below.
std::string groups_of(const study::CodesignResult& result, std::size_t i) {
  const auto& plan = result.plans[i];
  std::string html = figure(
      group_chart(result, i), component_legend(result),
      "Bits of every layer (above) and energy of the groups that run fused. Of a group of layers "
      "the energy of DRAM is that of both ends of a transfer, and levels have their wires.");
  html += group_table(result, plan);
  return plan.layers.empty() ? html
                             : html + "<h3>Layers by themselves</h3>\n" + layer_table(result, plan);
}

/// Of a plan whose layers run one after another.
std::string layers_of(const study::CodesignResult& result, std::size_t i, std::size_t reference) {
  std::string html = pruning_section(result, i, reference);
  html += figure(has_energy(result) ? layer_chart(result, i, reference) : std::string{},
                 component_legend(result),
                 reference == i ? std::string{"Bits (above) and energy of every layer."}
                                : fmt::format("Bits (above) and energy of every layer; "
                                              "the dashed outline is {}.",
                                              escape(result.plans[reference].label)));
  html += figure(roofline_chart(result, i), {},
                 "Each point is a layer. Peaks depend on the widths; dashed lines are the lower "
                 "ones.");
  return html + layer_table(result, result.plans[i]);
}

std::string file_list(const study::PlanDetails& plan) {
  if (plan.files.empty()) return {};
  std::string html = "<p>Exported:";
  for (const std::string& file : plan.files) html += fmt::format(" <code>{}</code>", escape(file));
  return html + "</p>\n";
}

/// The baseline that the others are outlined against: that of the headline, else the first.
std::size_t reference_of(const study::CodesignResult& result, std::size_t plan) {
  if (result.headline) return result.headline->baseline;
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    if (result.plans[i].baseline) return i;
  }
  return plan;
}

std::string term(std::string_view name, const std::string& meaning) {
  return meaning.empty() ? std::string{}
                         : fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escape(meaning));
}

}  // namespace

std::string plans_section(const study::CodesignResult& result) {
  if (result.plans.empty()) return {};
  std::string html = fmt::format(
      "<h2>Picks and baselines</h2>\n<div class=\"scroll\"><table>\n<tr><th>plan</th>"
      "<th>mean bits<br>w / "
      "in</th><th>{}</th>{}{}{}<th>latency</th><th>DRAM</th><th>model</th>{}</tr>\n",
      search_measure(result), result.float_confirmation ? "<th>confirmed</th>" : "",
      result.ranked_by_proxy ? ""
                             : "<th>held out,<br>re-trained</th><th>test, fake-<br>quantized</th>"
                               "<th>test, integer</th>",
      energy_head(result), macs_differ(result) ? "<th>MACs</th>" : "");
  for (const auto& plan : result.plans) html += plan_row(result, plan);
  html += "</table></div>\n";
  if (result.ranked_by_proxy) return html;  // nothing was measured, and nothing is to be compared
  html += fmt::format(
      "<p class=\"soft\">Float: {} on the search split{}. Errors are one standard "
      "error. {} Held out: accuracy of the re-trained network on the {}. {} Every plan of this "
      "table and its label were fixed before the test set was "
      "touched.</p>\n",
      accuracy_text(result.float_search),
      result.float_test ? fmt::format(", {} on the test set", accuracy_text(*result.float_test))
                        : std::string{},
      confirmation_text(result), held_out_images_text(result), escape(test_accuracy_text(result)));
  return html + paired_tests(result);
}

std::string details_section(const study::CodesignResult& result) {
  if (result.plans.empty()) return {};
  const bool is_fused = std::any_of(result.plans.begin(), result.plans.end(),
                                    [](const auto& plan) { return !plan.groups.empty(); });
  std::string html = is_fused ? "<h2>Group by group</h2>\n" : "<h2>Layer by layer</h2>\n";
  const auto open = main_pick(result);
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const auto& plan = result.plans[i];
    html += fmt::format("<details{}><summary>{}</summary>\n", open == i ? " open" : "",
                        escape(plan.label));
    html +=
        plan.groups.empty() ? layers_of(result, i, reference_of(result, i)) : groups_of(result, i);
    html += file_list(plan) + loop_nests(plan) + "</details>\n";
  }
  return html;
}

std::string run_section(const study::CodesignResult& result) {
  std::string phases;
  for (const auto& phase : result.phases) {
    phases +=
        fmt::format("{}{} {}", phases.empty() ? "" : ", ", phase.name, time_text(phase.seconds));
  }
  const auto& chip = result.accelerator;
  std::string html = "<h2>Run</h2>\n<dl>\n";
  html += term("network",
               fmt::format("{} ({} MACs, {} parameters)", result.network.name,
                           count_text(result.network.macs), count_text(result.network.parameters)));
  html += term("from", result.network.source);
  html += term("accelerator",
               chip.description.empty() ? chip.name : chip.name + ": " + chip.description);
  html += term("its numbers from", chip.source);
  html += term("technology", chip.technology);
  html += term("energy table", chip.energy_table);
  html += term("clock", fmt::format("{} MHz, {} compute units", number_text(chip.clock_mhz),
                                    count_text(chip.compute_units)));
  html += term("schedule", result.schedule);
  html += term("data", result.data);
  html += term("accuracy from", result.accuracy_method);
  html += term("seed", fmt::format("{}", result.seed));
  html += term("threads", fmt::format("{}", result.threads));
  html += term("machine", result.machine);
  html += term("version", result.version);
  html += term("training code", result.training_code);
  html += term("hardware code", result.hardware_code);
  html += term("run", result.run_id);
  html += term("started", result.started);
  html += term("times", phases);
  html +=
      term("mappings", fmt::format("{} searched, {} reused", count_text(result.mappings_searched),
                                   count_text(result.mappings_reused)));
  html += term("accuracies",
               fmt::format("{} from the run store", count_text(result.accuracy_cache_hits)));
  html += term("configuration hash", result.config_hash);
  html += "</dl>\n<details><summary>Effective configuration</summary><pre>";
  return html + escape(result.config_yaml) + "</pre></details>\n";
}

}  // namespace hwflow::report
