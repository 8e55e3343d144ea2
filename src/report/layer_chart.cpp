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

constexpr double kPlotHeight = 210.0;
constexpr double kStrip = 46.0;  ///< the two rows of widths above the plot

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
    unit_ = energy_unit(largest);
    slots_ = layer_slots(names, kStrip, kPlotHeight);
    const Box& area = slots_.area;
    y_ = Scale::linear(0.0, largest * unit_.factor, 5).on(area.bottom(), area.y);
    Svg svg(slots_.figure_width, slots_.figure_height,
            "Widths and energy by layer of " + plan_.label);
    draw_y_axis(svg, area, y_, fmt::format("energy ({})", unit_.name));
    svg.text({area.x - 6.0, 13.0}, "w", "tick", Anchor::end);
    svg.text({area.x - 6.0, 29.0}, "in", "tick", Anchor::end);
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) draw_layer(svg, i);
    return svg.str();
  }

 private:
  void draw_layer(Svg& svg, std::size_t i) {
    const auto& layer = plan_.layers[i];
    const double slot = slots_.width;
    const double left = slots_.area.x + static_cast<double>(i) * slot;
    draw_width_cell(svg, {left, 2.0}, slot, layer.plan_index ? layer.weight_bits : 0, layer.name,
                    "weights");
    draw_width_cell(svg, {left, 18.0}, slot, layer.input_bits, layer.name, "inputs");
    const double gap = std::min(5.0, slot * 0.16);
    const std::string hover = layer_hover(result_, layer);
    double done = 0.0;
    for (std::size_t c = 0; c < layer.energy_by_component_pj.size(); ++c) {
      const double next = done + layer.energy_by_component_pj[c];
      const double top = y_(next * unit_.factor), bottom = y_(done * unit_.factor);
      svg.rect({left + gap, top, slot - 2 * gap, bottom - top}, component_class(c), hover);
      done = next;
    }
    if (outlined_) {
      const double top = y_(reference_.layers[i].energy_pj * unit_.factor);
      svg.rect({left + gap / 2, top, slot - gap, slots_.area.bottom() - top}, "outline",
               fmt::format("{}: {} in {}", layer.name, energy_text(reference_.layers[i].energy_pj),
                           reference_.label));
    }
    draw_layer_name(svg, slots_, left, layer.name);
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  const study::PlanDetails& reference_;
  bool outlined_ = false;
  Unit unit_;
  LayerSlots slots_;
  Scale y_;
};

}  // namespace

std::string layer_chart(const study::CodesignResult& result, std::size_t plan,
                        std::size_t reference) {
  return LayerChart(result, plan, reference).draw();
}

}  // namespace hwflow::report
