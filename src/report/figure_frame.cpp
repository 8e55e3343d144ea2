#include "report/figure_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "report/charts.hpp"

namespace hwflow::report {

Box plot_area(double width, double height, const Margins& margins) {
  return {margins.left, margins.top, width - margins.left - margins.right,
          height - margins.top - margins.bottom};
}

void draw_y_axis(Svg& svg, const Box& area, const Scale& y, std::string_view title) {
  double last = std::numeric_limits<double>::infinity();
  for (const Tick& tick : y.ticks()) {
    const double at = y(tick.value);
    svg.line({area.x, at}, {area.right(), at}, tick.text.empty() ? "grid minor" : "grid");
    if (tick.text.empty() || last - at < 13.0) continue;
    svg.text({area.x - 6.0, at + 3.5}, tick.text, "tick", Anchor::end);
    last = at;
  }
  svg.text({14.0, area.y + area.height / 2}, title, "axis", Anchor::middle, -90.0);
  svg.line({area.x, area.bottom()}, {area.right(), area.bottom()}, "frame");
}

void draw_axes(Svg& svg, const Box& area, const Scale& x, const Scale& y, std::string_view x_title,
               std::string_view y_title) {
  double free_from = -std::numeric_limits<double>::infinity();
  for (const Tick& tick : x.ticks()) {
    const double at = x(tick.value);
    svg.line({at, area.y}, {at, area.bottom()}, tick.text.empty() ? "grid minor" : "grid");
    const double half = text_width(tick.text) / 2;
    if (tick.text.empty() || at - half < free_from) continue;
    svg.text({at, area.bottom() + 15.0}, tick.text, "tick", Anchor::middle);
    free_from = at + half + 5.0;
  }
  draw_y_axis(svg, area, y, y_title);
  svg.line({area.x, area.y}, {area.x, area.bottom()}, "frame");
  svg.text({area.x + area.width / 2, area.bottom() + 34.0}, x_title, "axis", Anchor::middle);
}

LayerSlots layer_slots(const std::vector<std::string_view>& names, double top, double height) {
  constexpr double kWidth = 1120.0, kLongestName = 130.0;
  double longest = 0.0;
  for (const std::string_view name : names) longest = std::max(longest, text_width(name, 10.0));
  LayerSlots slots;
  slots.area = {58.0, top, kWidth - 58.0 - 8.0, height};
  slots.width = std::min(64.0, slots.area.width / static_cast<double>(names.size()));
  slots.area.width = slots.width * static_cast<double>(names.size());
  slots.figure_width = kWidth;
  slots.figure_height = slots.area.bottom() + std::min(longest, kLongestName) + 16.0;
  return slots;
}

void draw_layer_name(Svg& svg, const LayerSlots& slots, double left, std::string_view name) {
  if (slots.width < 10.0) return;
  svg.text({left + slots.width / 2 + 3.5, slots.area.bottom() + 8.0}, name, "small", Anchor::end,
           -90.0);
}

void draw_width_cell(Svg& svg, const Point& corner, double cell, int bits, std::string_view layer,
                     std::string_view what) {
  if (bits <= 0) return;
  svg.rect({corner.x + 0.5, corner.y, cell - 1.0, 15.0},
           fmt::format("bits b{}", std::clamp(bits, 1, 9)),
           fmt::format("{}: {} bits for {}", layer, bits, what));
  if (cell >= 13.0) {
    svg.text({corner.x + cell / 2, corner.y + 11.5}, fmt::format("{}", bits),
             bits >= 5 ? "cell dark" : "cell", Anchor::middle);
  }
}

WidthFrame width_frame(const std::vector<std::string_view>& names, double largest_pj) {
  constexpr double kPlotHeight = 210.0, kStrip = 46.0;  // two rows of widths above the plot
  WidthFrame frame{layer_slots(names, kStrip, kPlotHeight), energy_unit(largest_pj), {}};
  const Box& area = frame.slots.area;
  frame.y = Scale::linear(0.0, largest_pj * frame.unit.factor, 5).on(area.bottom(), area.y);
  return frame;
}

void draw_width_axes(Svg& svg, const WidthFrame& frame) {
  const Box& area = frame.slots.area;
  draw_y_axis(svg, area, frame.y, fmt::format("energy ({})", frame.unit.name));
  svg.text({area.x - 6.0, 13.0}, "w", "tick", Anchor::end);
  svg.text({area.x - 6.0, 29.0}, "in", "tick", Anchor::end);
}

void draw_energies(Svg& svg, const WidthFrame& frame, double left, double slots,
                   std::span<const double> energies_pj, std::string_view hover) {
  const double gap = std::min(5.0, frame.slots.width * 0.16);
  double done = 0.0;
  for (std::size_t c = 0; c < energies_pj.size(); ++c) {
    const double next = done + energies_pj[c];
    const double top = frame.y(next * frame.unit.factor);
    const double bottom = frame.y(done * frame.unit.factor);
    svg.rect({left + gap, top, slots * frame.slots.width - 2 * gap, bottom - top},
             component_class(c), hover);
    done = next;
  }
}

void draw_widths(Svg& svg, const WidthFrame& frame, double left, std::string_view layer,
                 int weight_bits, int input_bits) {
  const double cell = frame.slots.width;
  draw_width_cell(svg, {left, 2.0}, cell, weight_bits, layer, "weights");
  draw_width_cell(svg, {left, 18.0}, cell, input_bits, layer, "inputs");
  draw_layer_name(svg, frame.slots, left, layer);
}

}  // namespace hwflow::report
