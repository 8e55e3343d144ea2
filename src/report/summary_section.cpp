#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "report/design_charts.hpp"
#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"

namespace hwflow::report {
namespace {

/// "63.4 % less", or "4.0 % more" when the saving is negative.
std::string less_text(double share) {
  return share >= 0.0 ? percent_text(share) + " less" : percent_text(-share) + " more";
}

/// What designs cost beside energy, latency and traffic: into DesignPoint::costs.
std::vector<std::size_t> resources(const study::CodesignResult& result) {
  std::vector<std::size_t> indices;
  if (!result.hardware_search) return indices;
  const std::vector<std::string>& objectives = result.hardware_search->objectives;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const std::string& name = objectives[i];
    if (name == "lut" || name == "bram" || name == "area") indices.push_back(i);
  }
  return indices;
}

/// A plan with what it costs on a design; `point` where designs were searched.
struct PlanOnDesign {
  const study::EvaluatedPlan& plan;
  const study::HardwareCost& hardware;
  const study::DesignPoint* point;
  std::string where;
};

std::string savings_row(const study::CodesignResult& result, const PlanOnDesign& pick,
                        const PlanOnDesign& base) {
  const study::HardwareCost &a = pick.hardware, &b = base.hardware;
  const auto share = [](auto part, auto whole) {
    return less_text(study::saving(static_cast<double>(part), static_cast<double>(whole)));
  };
  std::string of_design;
  for (const std::size_t i : resources(result)) {
    of_design +=
        fmt::format("<td>{}</td>", share(pick.point->costs.at(i), base.point->costs.at(i)));
  }
  const std::string macs =
      macs_differ(result) ? fmt::format("<td>{}</td>", share(a.macs, b.macs)) : "";
  const double points = pick.plan.accuracy.top1() - base.plan.accuracy.top1();
  return fmt::format(
      "<tr class=\"base\"><td>uniform {}{}</td>{}<td>{}</td><td>{}</td>{}<td>{}</td>"
      "{}<td>{}</td></tr>\n",
      widths_text(common_widths(base.plan.plan)), base.where,
      has_energy(result) ? fmt::format("<td>{}</td>", share(a.energy_pj, b.energy_pj)) : "",
      share(a.cycles, b.cycles), share(a.dram_bits, b.dram_bits), of_design,
      share(a.model_bits, b.model_bits), macs,
      result.ranked_by_proxy ? fmt::format("{:+.3f}", points)
                             : fmt::format("{:+.2f} points", 100.0 * points));
}

std::string savings_table(const study::CodesignResult& result, const study::PlanDetails& pick) {
  const auto chosen = [&](std::size_t evaluated, const std::string& where) {
    const study::EvaluatedPlan& plan = result.evaluated[evaluated];
    const auto& search = result.hardware_search;
    return PlanOnDesign{plan, plan.hardware, search ? &search->chosen.at(evaluated) : nullptr,
                        where};
  };
  const PlanOnDesign picked = chosen(pick.evaluated, "");
  std::string rows;
  for (const std::size_t baseline : result.baselines) {
    const study::OwnDesign* own = own_design(result, baseline);
    if (own != nullptr) {
      rows += savings_row(
          result, picked,
          {result.evaluated[baseline], own->hardware, &own->point, " on " + own_design_text(*own)});
    }
    rows += savings_row(result, picked,
                        chosen(baseline, own != nullptr ? " on the reference design" : ""));
  }
  if (rows.empty()) return {};
  std::string of_design;
  for (const std::size_t i : resources(result)) {
    of_design +=
        fmt::format("<th>{}</th>", escape(design_cost_name(result.hardware_search->objectives[i])));
  }
  return fmt::format(
      "<h3>What <span class=\"soft\">{}</span> saves against uniform widths</h3>\n"
      "<div class=\"scroll\"><table>\n<tr><th>against</th>{}<th>latency</th>"
      "<th>DRAM traffic</th>{}<th>model size</th>{}<th>{}</th></tr>\n{}</table>"
      "</div>\n",
      escape(pick.label), has_energy(result) ? "<th>energy</th>" : "", of_design,
      macs_differ(result) ? "<th>MACs</th>" : "", search_measure(result), rows);
}

std::string saving_cards(const study::CodesignResult& result, const study::Saving& headline,
                         const std::string& base) {
  std::string cards;
  if (has_energy(result)) {
    cards += card(less_text(headline.energy), "energy than " + base);
  }
  cards += card(less_text(headline.latency), "latency than " + base);
  cards += card(less_text(headline.dram), "DRAM traffic than " + base);
  return cards;
}

/// Where designs were searched, savings in widths alone come first, those of both at once second.
std::string headline_cards(const study::CodesignResult& result) {
  std::string cards;
  const std::string& base = result.plans[result.headline->baseline].label;
  if (const auto own = headline_on_own_design(result)) {
    const auto* design = own_design(result, result.plans[own->baseline].evaluated);
    cards += saving_cards(result, *own, base + " on " + own_design_text(*design));
  }
  cards += saving_cards(result, *result.headline, headline_baseline(result));
  cards += card(less_text(result.headline->model_size), "model size than " + base);
  if (macs_differ(result)) cards += card(less_text(result.headline->macs), "MACs than " + base);
  if (const auto test = headline_test(result)) {
    cards += card(difference_text(*test),
                  fmt::format("test accuracy against {}, 95 % interval {:+.2f} to {:+.2f}", base,
                              100.0 * test->low, 100.0 * test->high));
  }
  return cards;
}

std::string accuracy_card(const study::CodesignResult& result, const study::PlanDetails& pick) {
  if (pick.test_integer) {
    return card(accuracy_text(*pick.test_integer), "test accuracy, integer arithmetic");
  }
  if (pick.test_fake_quantized) {
    return card(accuracy_text(*pick.test_fake_quantized), "test accuracy, fake-quantized");
  }
  return card(measure_text(result, result.evaluated[pick.evaluated].accuracy),
              result.ranked_by_proxy
                  ? "by a proxy, which is no accuracy"
                  : "accuracy on the search split (the pick was not measured on the test set)");
}

std::string headline_sentence(const study::CodesignResult& result) {
  if (result.ranked_by_proxy) return {};  // the caveat says it
  if (!result.headline) {
    return fmt::format(
        "<p>No re-trained pick is within {:g} points of the float accuracy on the {}, so there is "
        "no "
        "headline saving.</p>\n",
        100.0 * result.tolerance, held_out_images_text(result));
  }
  const auto& pick = result.plans[result.headline->pick];
  const std::string accuracy = headline_accuracy(result);
  return fmt::format(
      "<p><b>{}</b> costs the least {} of the picks that are, re-trained, within {:g} points of "
      "the float accuracy on the {}. How it was picked: {}.</p>\n{}<p class=\"soft\">{}</p>\n",
      escape(pick.label), has_energy(result) ? "energy" : "time", 100.0 * result.tolerance,
      held_out_images_text(result), escape(pick.reason),
      accuracy.empty() ? accuracy : fmt::format("<p>{}</p>\n", escape(accuracy)),
      headline_caveat(result));
}

std::string front_legend(const study::CodesignResult& result) {
  return legend_entry(R"(<circle cx="7" cy="7" r="4" class="front"/>)",
                      result.ranked_by_proxy ? "front" : "front (bar: standard error)") +
         legend_entry(R"(<circle cx="7" cy="7" r="3" class="seen"/>)", "evaluated") +
         legend_entry(R"(<polygon points="7,1 13,7 7,13 1,7" class="base"/>)",
                      "uniform (weights/inputs)") +
         legend_entry(
             R"(<polygon points="7,0 9,5 14,5 10,8 11,13 7,10 3,13 4,8 0,5 5,5" class="pick"/>)",
             "pick");
}

std::optional<CostAxis> axis_of(study::Objective objective) {
  switch (objective) {
    case study::Objective::accuracy: return std::nullopt;
    case study::Objective::energy: return CostAxis::energy;
    case study::Objective::latency: return CostAxis::latency;
    case study::Objective::dram: return CostAxis::dram;
    case study::Objective::model_size: return CostAxis::model_size;
    case study::Objective::macs: return CostAxis::macs;
    case study::Objective::failure_rate: return CostAxis::failure_rate;
  }
  return std::nullopt;
}

/// Every cost that the study minimises, in its order, then those that every reader asks for.
std::vector<CostAxis> shown_axes(const study::CodesignResult& result) {
  std::vector<CostAxis> axes = objective_axes(result);
  for (const CostAxis axis :
       {CostAxis::energy, CostAxis::latency, CostAxis::model_size, CostAxis::macs}) {
    // Designs of an overlay have no energy model.
    if (axis == CostAxis::energy && !has_energy(result)) continue;
    if (axis == CostAxis::macs && !macs_differ(result)) continue;
    if (std::ranges::find(axes, axis) == axes.end()) axes.push_back(axis);
  }
  return axes;
}

std::string front_figure(const study::CodesignResult& result, CostAxis axis, bool first) {
  const auto objectives = objective_axes(result);
  std::string caption =
      first ? fmt::format(
                  "{} The line is the front of the two quantities shown; that of the search is of "
                  "all objectives at once, so not all of its plans lie on a line.",
                  result.ranked_by_proxy
                      ? std::string("Ranked by a proxy, which is no accuracy.")
                      : fmt::format("Accuracy is that of the search split. Plans more than {:g} "
                                    "points below the best are left out; of baselines and picks "
                                    "among them an arrow tells the accuracy.",
                                    shown_points(result)))
            : fmt::format("{} against {}.", result.ranked_by_proxy ? "Proxy" : "Search accuracy",
                          name(axis));
  if (std::ranges::find(objectives, axis) == objectives.end()) {
    caption += " The search did not minimise it.";
  }
  return figure(front_chart(result, axis), front_legend(result), caption);
}

}  // namespace

std::string legend_entry(const std::string& shape, const std::string& text) {
  return fmt::format(
      "<span><svg width=\"14\" height=\"14\" viewBox=\"0 0 14 14\" class=\"key\">{}</svg> "
      "{}</span>",
      shape, text);
}

std::vector<CostAxis> objective_axes(const study::CodesignResult& result) {
  std::vector<CostAxis> axes;
  for (const study::Objective objective : result.objectives) {
    if (const auto axis = axis_of(objective)) axes.push_back(*axis);
  }
  return axes;
}

std::string headline_section(const study::CodesignResult& result) {
  std::string html = headline_sentence(result);
  std::string cards;
  if (result.headline) cards += headline_cards(result);
  const auto pick = main_pick(result);
  if (pick) cards += accuracy_card(result, result.plans[*pick]);
  if (result.float_test) cards += card(accuracy_text(*result.float_test), "test accuracy, float");
  cards += card(count_text(result.accuracy_evaluations),
                fmt::format("plans evaluated, {} on the Pareto front", result.front.size()));
  html += "<div class=\"cards\">\n" + cards + "</div>\n";
  if (pick) html += savings_table(result, result.plans[*pick]);
  if (!result.search_caveat.empty()) {
    html += "<p><b>" + escape(result.search_caveat) + "</b></p>\n";
  }
  return html;
}

std::string component_legend(const study::CodesignResult& result) {
  std::string legend;
  for (std::size_t c = 0; c < result.energy_components.size(); ++c) {
    legend += fmt::format("<span><i class=\"{}\"></i>{}</span>", component_class(c),
                          escape(result.energy_components[c]));
  }
  return legend;
}

std::string search_section(const study::CodesignResult& result) {
  const std::vector<CostAxis> axes = shown_axes(result);
  std::string html = "<h2>Search</h2>\n<div class=\"pair\">\n";
  for (std::size_t i = 0; i < 2; ++i) html += front_figure(result, axes[i], i == 0);
  html += "</div>\n";
  html +=
      figure(width_chart(result), {},
             "Bits for weights (w) and input activations (in) in every layer; darker is wider.");
  html += figure(energy_by_plan_chart(result), component_legend(result),
                 "Energy of one inference by memory level, network on chip and arithmetic.");
  html += "<div class=\"pair\">\n";
  for (std::size_t i = 2; i < axes.size(); ++i) html += front_figure(result, axes[i], false);
  if (result.hardware_search) return html + "</div>\n";  // its curves are of pairs
  html += figure(convergence_chart(result), {},
                 "How much of the objective space the plans found so far dominate; costs are "
                 "divided by those of the widest uniform baseline.");
  return html + "</div>\n";
}

}  // namespace hwflow::report
