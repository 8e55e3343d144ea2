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

constexpr double kPlotHeight = 210.0;
constexpr double kStrip = 46.0;  ///< the two rows of widths above the plot

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
    unit_ = energy_unit(largest);
    slots_ = layer_slots(names, kStrip, kPlotHeight);
    const Box& area = slots_.area;
    y_ = Scale::linear(0.0, largest * unit_.factor, 5).on(area.bottom(), area.y);
    Svg svg(slots_.figure_width, slots_.figure_height,
            "Widths by layer and energy by group of " + plan_.label);
    draw_y_axis(svg, area, y_, fmt::format("energy ({})", unit_.name));
    svg.text({area.x - 6.0, 13.0}, "w", "tick", Anchor::end);
    svg.text({area.x - 6.0, 29.0}, "in", "tick", Anchor::end);
    double left = area.x;
    for (const auto& group : plan_.groups) {
      draw_group(svg, group, left);
      left += slots_.width * static_cast<double>(group.members.size());
    }
    return svg.str();
  }

 private:
  void draw_group(Svg& svg, const study::GroupDetails& group, double left) const {
    const double width = slots_.width * static_cast<double>(group.members.size());
    const double gap = std::min(5.0, slots_.width * 0.16);
    const std::string hover = group_hover(result_, group);
    double done = 0.0;
    for (std::size_t c = 0; c < group.energy_by_component_pj.size(); ++c) {
      const double next = done + group.energy_by_component_pj[c];
      const double top = y_(next * unit_.factor), bottom = y_(done * unit_.factor);
      svg.rect({left + gap, top, width - 2 * gap, bottom - top}, component_class(c), hover);
      done = next;
    }
    for (const auto& member : group.members) {
      draw_member(svg, member, left);
      left += slots_.width;
    }
  }

  void draw_member(Svg& svg, const study::GroupMember& member, double left) const {
    draw_width_cell(svg, {left, 2.0}, slots_.width, member.plan_index ? member.weight_bits : 0,
                    member.name, "weights");
    draw_width_cell(svg, {left, 18.0}, slots_.width, member.input_bits, member.name, "inputs");
    draw_layer_name(svg, slots_, left, member.name);
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  Unit unit_;
  LayerSlots slots_;
  Scale y_;
};

}  // namespace

std::string group_chart(const study::CodesignResult& result, std::size_t plan) {
  return GroupChart(result, result.plans[plan]).draw();
}

}  // namespace hwflow::report
