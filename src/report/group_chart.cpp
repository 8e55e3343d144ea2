#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

std::string group_hover(const study::CodesignResult& result, const study::GroupDetails& group) {
  std::string text = group.members.front().name;
  if (group.members.size() > 1)
    text += fmt::format(" .. {} ({} layers)", group.members.back().name, group.members.size());
  text += group.is_fused ? fmt::format("\ntile {}\n{}", group.tile, group.policies) : "\nby itself";
  text += "\nenergy " + energy_text(group.energy_pj);
  for (std::size_t c = 0; c < result.energy_components.size(); ++c) {
    text += fmt::format("\n  {} {}", result.energy_components[c],
                        energy_text(group.energy_by_component_pj[c]));
  }
  return text;
}

class GroupChart {
 public:
  GroupChart(const study::CodesignResult& result, const study::PlanDetails& plan)
      : result_(result), plan_(plan) {}

  std::string draw() {
    double largest = 0.0;
    std::vector<std::string_view> names;
    for (const auto& group : plan_.groups) {
      largest = std::max(largest, group.energy_pj);
      for (const auto& member : group.members) names.emplace_back(member.name);
    }
    if (names.empty()) return {};
    frame_ = width_frame(names, largest);
    const LayerSlots& slots = frame_.slots;
    Svg svg(slots.figure_width, slots.figure_height,
            "Widths by layer and energy by group of " + plan_.label);
    draw_width_axes(svg, frame_);
    double left = slots.area.x;
    for (const auto& group : plan_.groups) {
      draw_group(svg, group, left);
      left += slots.width * static_cast<double>(group.members.size());
    }
    return svg.str();
  }

 private:
  void draw_group(Svg& svg, const study::GroupDetails& group, double left) const {
    draw_energies(svg, frame_, left, static_cast<double>(group.members.size()),
                  group.energy_by_component_pj, group_hover(result_, group));
    for (const auto& member : group.members) {
      draw_widths(svg, frame_, left, member.name, member.plan_index ? member.weight_bits : 0,
                  member.input_bits);
      left += frame_.slots.width;
    }
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  WidthFrame frame_;
};

}  // namespace

std::string group_chart(const study::CodesignResult& result, std::size_t plan) {
  return GroupChart(result, result.plans[plan]).draw();
}

}  // namespace hwflow::report
