#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 1120.0;
constexpr double kPlotHeight = 210.0;
constexpr double kStrip = 36.0;  ///< the two rows of widths above the plot

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
    std::size_t layers = 0;
    double largest = 0.0, longest = 0.0;
    for (const auto& group : plan_.groups) {
      layers += group.members.size();
      largest = std::max(largest, group.energy_pj);
      for (const auto& member : group.members)
        longest = std::max(longest, text_width(member.name, 10.0));
    }
    if (layers == 0) return {};
    unit_ = energy_unit(largest);
    const double height = kStrip + kPlotHeight + std::min(longest, 130.0) + 26.0;
    area_ = {58.0, kStrip + 10.0, kWidth - 58.0 - 8.0, kPlotHeight};
    slot_ = std::min(64.0, area_.width / static_cast<double>(layers));
    area_.width = slot_ * static_cast<double>(layers);
    y_ = Scale::linear(0.0, largest * unit_.factor, 5).on(area_.bottom(), area_.y);
    Svg svg(kWidth, height, "Widths by layer and energy by group of " + plan_.label);
    draw_y_axis(svg, area_, y_, fmt::format("energy ({})", unit_.name));
    svg.text({area_.x - 6.0, 13.0}, "w", "tick", Anchor::end);
    svg.text({area_.x - 6.0, 29.0}, "in", "tick", Anchor::end);
    double left = area_.x;
    for (const auto& group : plan_.groups) {
      draw_group(svg, group, left);
      left += slot_ * static_cast<double>(group.members.size());
    }
    return svg.str();
  }

 private:
  void draw_group(Svg& svg, const study::GroupDetails& group, double left) const {
    const double width = slot_ * static_cast<double>(group.members.size());
    const double gap = std::min(5.0, slot_ * 0.16);
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
      left += slot_;
    }
  }

  void draw_member(Svg& svg, const study::GroupMember& member, double left) const {
    draw_width_cell(svg, {left, 2.0}, slot_, member.plan_index ? member.weight_bits : 0,
                    member.name, "weights");
    draw_width_cell(svg, {left, 18.0}, slot_, member.input_bits, member.name, "inputs");
    if (slot_ < 10.0) return;
    svg.text({left + slot_ / 2 + 3.5, area_.bottom() + 8.0}, member.name, "small", Anchor::end,
             -90.0);
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  Unit unit_;
  Box area_;
  double slot_ = 0.0;
  Scale y_;
};

}  // namespace

std::string group_chart(const study::CodesignResult& result, std::size_t plan) {
  return GroupChart(result, result.plans[plan]).draw();
}

}  // namespace hwflow::report
