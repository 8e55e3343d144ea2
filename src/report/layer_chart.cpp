#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

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
    double largest = 0.0;
    std::vector<std::string_view> names;
    for (const auto& layer : plan_.layers) {
      largest = std::max(largest, layer.energy_pj);
      names.emplace_back(layer.name);
    }
    for (const auto& layer : reference_.layers) {
      if (outlined_) largest = std::max(largest, layer.energy_pj);
    }
    frame_ = width_frame(names, largest);
    Svg svg(frame_.slots.figure_width, frame_.slots.figure_height,
            "Widths and energy by layer of " + plan_.label);
    draw_width_axes(svg, frame_);
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) draw_layer(svg, i);
    return svg.str();
  }

 private:
  void draw_layer(Svg& svg, std::size_t i) {
    const auto& layer = plan_.layers[i];
    const double slot = frame_.slots.width;
    const double left = frame_.slots.area.x + static_cast<double>(i) * slot;
    draw_energies(svg, frame_, left, 1.0, layer.energy_by_component_pj,
                  layer_hover(result_, layer));
    if (outlined_) {
      const double gap = std::min(5.0, slot * 0.16);
      const double top = frame_.y(reference_.layers[i].energy_pj * frame_.unit.factor);
      svg.rect({left + gap / 2, top, slot - gap, frame_.slots.area.bottom() - top}, "outline",
               fmt::format("{}: {} in {}", layer.name, energy_text(reference_.layers[i].energy_pj),
                           reference_.label));
    }
    draw_widths(svg, frame_, left, layer.name, layer.plan_index ? layer.weight_bits : 0,
                layer.input_bits);
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  const study::PlanDetails& reference_;
  bool outlined_ = false;
  WidthFrame frame_;
};

}  // namespace

std::string layer_chart(const study::CodesignResult& result, std::size_t plan,
                        std::size_t reference) {
  return LayerChart(result, plan, reference).draw();
}

}  // namespace hwflow::report
