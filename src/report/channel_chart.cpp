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

constexpr double kTop = 10.0;
constexpr double kChannelHeight = 120.0, kCostHeight = 150.0;
constexpr double kBetween = 22.0;  ///< the two plots

/// Bars of the whole network, pale and wide, and of the plan before them.
class ChannelChart {
 public:
  ChannelChart(const study::CodesignResult& result, std::size_t plan, std::size_t reference)
      : result_(result),
        plan_(result.plans[plan]),
        reference_(result.plans[reference]),
        compared_(plan != reference && same_layers(plan_, reference_)),
        axis_(has_energy(result) ? CostAxis::energy : CostAxis::latency) {}

  std::string draw() {
    if (plan_.layers.empty()) return {};
    double most = 0.0, largest = 0.0;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) {
      most = std::max(most, static_cast<double>(plan_.layers[i].channels_whole));
      largest = std::max(largest, cost(plan_.layers[i]));
      if (compared_) largest = std::max(largest, cost(reference_.layers[i]));
      names.emplace_back(plan_.layers[i].name);
    }
    slots_ = layer_slots(names, kTop, kChannelHeight + kBetween + kCostHeight);
    Box upper = slots_.area, lower = slots_.area;
    upper.height = kChannelHeight;
    lower.y = lower.bottom() - kCostHeight;
    lower.height = kCostHeight;
    numbered_ = text_width(fmt::format("{}", most), 10.0) + 3.0 <= slots_.width;
    const Unit unit = unit_of(axis_, largest);
    factor_ = unit.factor;
    channels_ = Scale::linear(0.0, most, 4).on(upper.bottom(), upper.y);
    costs_ = Scale::linear(0.0, largest * factor_, 4).on(lower.bottom(), lower.y);
    Svg svg(slots_.figure_width, slots_.figure_height,
            fmt::format("Channels and {} by layer of {}", name(axis_), plan_.label));
    draw_y_axis(svg, upper, channels_, "channels");
    draw_y_axis(svg, lower, costs_, fmt::format("{} ({})", name(axis_), unit.name));
    for (std::size_t i = 0; i < plan_.layers.size(); ++i) draw_layer(svg, i);
    return svg.str();
  }

 private:
  [[nodiscard]] double cost(const study::LayerDetails& layer) const {
    return axis_ == CostAxis::energy ? layer.energy_pj
                                     : seconds_of(layer.cycles, result_.accelerator.clock_mhz);
  }
  [[nodiscard]] std::string cost_text(const study::LayerDetails& layer) const {
    return axis_ == CostAxis::energy ? energy_text(cost(layer)) : time_text(cost(layer));
  }

  void draw_layer(Svg& svg, std::size_t i) const {
    const auto& layer = plan_.layers[i];
    const double left = slots_.area.x + static_cast<double>(i) * slots_.width;
    const std::string kept =
        fmt::format("{}: {} of {} channels", layer.name, layer.channels, layer.channels_whole);
    draw_bars(svg, left, channels_, static_cast<double>(layer.channels_whole),
              static_cast<double>(layer.channels), kept);
    if (numbered_) {
      svg.text({left + slots_.width / 2, channels_(static_cast<double>(layer.channels)) - 3.0},
               fmt::format("{}", layer.channels), "small", Anchor::middle);
    }
    std::string spent = fmt::format("{}: {}", layer.name, cost_text(layer));
    if (compared_) {
      spent += fmt::format("\n{} in {}", cost_text(reference_.layers[i]), reference_.label);
    }
    draw_bars(svg, left, costs_, compared_ ? cost(reference_.layers[i]) * factor_ : 0.0,
              cost(layer) * factor_, spent);
    draw_layer_name(svg, slots_, left, layer.name);
  }

  void draw_bars(Svg& svg, double left, const Scale& y, double whole, double part,
                 std::string_view hover) const {
    const double slot = slots_.width;
    const auto bar = [&](double value, double margin, std::string_view css) {
      if (value <= 0.0) return;
      const double top = y(value);
      svg.rect({left + margin, top, slot - 2 * margin, y(0.0) - top}, css, hover);
    };
    bar(whole, std::min(4.0, slot * 0.1), "seen");
    bar(part, std::min(10.0, slot * 0.25), "front");
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  const study::PlanDetails& reference_;
  bool compared_;
  CostAxis axis_;
  LayerSlots slots_;
  Scale channels_, costs_;
  double factor_ = 1.0;
  bool numbered_ = false;  ///< room for how many channels stay
};

}  // namespace

std::string channel_chart(const study::CodesignResult& result, std::size_t plan,
                          std::size_t reference) {
  return ChannelChart(result, plan, reference).draw();
}

}  // namespace hwflow::report
