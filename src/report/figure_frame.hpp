#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "report/format.hpp"
#include "report/scale.hpp"
#include "report/svg.hpp"

namespace hwflow::report {

/// Room around a plot for its ticks and titles.
struct Margins {
  double left = 66.0, right = 16.0, top = 12.0, bottom = 42.0;
};
[[nodiscard]] Box plot_area(double width, double height, const Margins& margins = {});

/// Grid, ticks and titles of two axes around `area`; tick texts that would touch are left out.
void draw_axes(Svg& svg, const Box& area, const Scale& x, const Scale& y, std::string_view x_title,
               std::string_view y_title);
/// The vertical axis only, for bar charts.
void draw_y_axis(Svg& svg, const Box& area, const Scale& y, std::string_view title);

/// A figure with a slot for every layer, side by side, and their names upright below.
struct LayerSlots {
  Box area;            ///< of the plots over the names
  double width = 0.0;  ///< of a slot
  double figure_width = 0.0, figure_height = 0.0;
};
/// `top`: pixels above the plots; `height`: of the plots.
[[nodiscard]] LayerSlots layer_slots(const std::vector<std::string_view>& names, double top,
                                     double height);
/// The name of the layer whose slot begins at `left`; nothing where slots are too narrow.
void draw_layer_name(Svg& svg, const LayerSlots& slots, double left, std::string_view name);

/// Two rows of cells, for the widths of weights and inputs, over bars of energy.
struct WidthFrame {
  LayerSlots slots;
  Unit unit;
  Scale y;  ///< of energies in the unit
};
[[nodiscard]] WidthFrame width_frame(const std::vector<std::string_view>& names, double largest_pj);
/// Its vertical axis, and which row is which.
void draw_width_axes(Svg& svg, const WidthFrame& frame);
/// Energies by component, stacked, over `slots` slots from `left` on.
void draw_energies(Svg& svg, const WidthFrame& frame, double left, double slots,
                   std::span<const double> energies_pj, std::string_view hover);
/// The cells and the name of the layer whose slot begins at `left`.
void draw_widths(Svg& svg, const WidthFrame& frame, double left, std::string_view layer,
                 int weight_bits, int input_bits);

/// A cell of 15 pixels' height that shows the width of what a layer reads; nothing for 0 bits.
/// `what`: "weights" or "inputs", for the text that appears over it.
void draw_width_cell(Svg& svg, const Point& corner, double cell, int bits, std::string_view layer,
                     std::string_view what);

}  // namespace hwflow::report
