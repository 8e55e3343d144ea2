#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 1120.0;
constexpr double kPlotHeight = 210.0;
constexpr double kStrip = 36.0;  ///< the two rows of widths above the plot

bool same_layers(const study::PlanDetails& a, const study::PlanDetails& b) {
  return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name; });
}

std::string layer_hover(const study::CodesignResult& result, const study::LayerDetails& layer) {
  std::string text = fmt::format("{}: {}\n{} weights, {} inputs, {} outputs (bits)\nenergy {}",
                                 layer.name, layer.shape, layer.weight_bits, layer.input_bits,
                                 layer.output_bits, energy_text(layer.energy_pj));
  for (std::size_t c = 0; c < result.energy_components.size(); ++c) {
    text += fmt::format("\n  {} {}", result.energy_components[c],
                        energy_text(layer.energy_by_component_pj[c]));
  }
  return text;
}

class LayerChart {
 public:
  LayerChart(const study::CodesignResult& result, std::size_t plan, std::size_t reference)
      : result_(result), plan_(result.plans[plan]), reference_(result.plans[reference]) {
    outlined_ = plan != reference && same_layers(plan_, reference_);
  }

  std::string draw() {
    if (plan_.layers.empty()) return {};
    double largest = 0.0, longest = 0.0;
    for (const auto& layer : plan_.layers) {
      largest = std::max(largest, layer.energy_pj);
      longest = std::max(longest, text_width(layer.name, 10.0));
    }
    for (const auto& layer : reference_.layers) {
      if (outlined_) largest = std::max(largest, layer.energy_pj);
    }
    longest = std::min(longest, 130.0);
    unit_ = energy_unit(largest);
    const double height = kStrip + kPlotHeight + longest + 26.0;
    area_ = {58.0, kStrip + 10.0, kWidth - 58.0 - 8.0, kPlotHeight};
    slot_ = std::min(64.0, area_.width / static_cast<double>(plan_.layers.size()));
    area_.width = slot_ * static_cast<double>(plan_.layers.size());
    y_ = Scale::linear(0.0, largest * unit_.factor, 5).on(area_.bottom(), area_.y);
    Svg svg(kWidth, height, "Widths and energy by layer of " + plan_.label);
    draw_y_axis(svg, area_, y_, fmt::format("energy ({})", unit_.name));
    svg.text({area_.x - 6.0, 13.0}, "w", "tick", Anchor::end);
    svg.text({area_.x - 6.0, 29.0}, "in", "tick", Anchor::end);
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) draw_layer(svg, i);
    return svg.str();
  }

 private:
  void draw_layer(Svg& svg, std::size_t i) {
    const auto& layer = plan_.layers[i];
    const double left = area_.x + static_cast<double>(i) * slot_;
    draw_width_cell(svg, {left, 2.0}, slot_, layer.plan_index ? layer.weight_bits : 0, layer.name,
                    "weights");
    draw_width_cell(svg, {left, 18.0}, slot_, layer.input_bits, layer.name, "inputs");
    const double gap = std::min(5.0, slot_ * 0.16);
    const std::string hover = layer_hover(result_, layer);
    double done = 0.0;
    for (std::size_t c = 0; c < layer.energy_by_component_pj.size(); ++c) {
      const double next = done + layer.energy_by_component_pj[c];
      const double top = y_(next * unit_.factor), bottom = y_(done * unit_.factor);
      svg.rect({left + gap, top, slot_ - 2 * gap, bottom - top}, component_class(c), hover);
      done = next;
    }
    if (outlined_) {
      const double top = y_(reference_.layers[i].energy_pj * unit_.factor);
      svg.rect({left + gap / 2, top, slot_ - gap, area_.bottom() - top}, "outline",
               fmt::format("{}: {} in {}", layer.name, energy_text(reference_.layers[i].energy_pj),
                           reference_.label));
    }
    if (slot_ >= 10.0) {
      svg.text({left + slot_ / 2 + 3.5, area_.bottom() + 8.0}, layer.name, "small", Anchor::end,
               -90.0);
    }
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  const study::PlanDetails& reference_;
  bool outlined_ = false;
  Unit unit_;
  Box area_;
  double slot_ = 0.0;
  Scale y_;
};

}  // namespace

std::string layer_chart(const study::CodesignResult& result, std::size_t plan,
                        std::size_t reference) {
  return LayerChart(result, plan, reference).draw();
}

}  // namespace hwflow::report
