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
constexpr double kNameWidth = 250.0;

/// A label cut to what fits in the column of names.
std::string cut(const std::string& text, std::size_t characters) {
  std::size_t length = 0, at = 0;
  for (; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (starts && length++ == characters) return text.substr(0, at) + "\u2026";
  }
  return text;
}

double sum(const std::vector<double>& numbers) {
  double total = 0.0;
  for (const double number : numbers) total += number;
  return total;
}

/// Cells of one plan: two rows, weights over inputs.
void draw_width_rows(Svg& svg, const study::CodesignResult& result, const study::PlanDetails& plan,
                     double top, double cell) {
  const auto& layers = result.evaluated[plan.evaluated].plan.layers;
  const auto& names = result.network.compute_layers;
  const bool numbers = cell >= 13.0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double x = kNameWidth + static_cast<double>(i) * cell;
    const auto draw = [&](int bits, double y, std::string_view what) {
      svg.rect({x, y, cell - 1.0, 15.0}, fmt::format("bits b{}", std::clamp(bits, 1, 9)),
               fmt::format("{}: {} bits for {}", i < names.size() ? names[i] : fmt::format("{}", i),
                           bits, what));
      if (numbers) {
        svg.text({x + (cell - 1.0) / 2, y + 11.5}, fmt::format("{}", bits),
                 bits >= 5 ? "cell dark" : "cell", Anchor::middle);
      }
    };
    draw(layers[i].weights, top, "weights");
    draw(layers[i].inputs, top + 16.0, "inputs");
  }
}

}  // namespace

std::string component_class(std::size_t component) {
  return fmt::format("c{}", component % kComponentColours);
}

std::string energy_by_plan_chart(const study::CodesignResult& result) {
  constexpr double kRow = 26.0;
  if (result.plans.empty() || result.energy_components.empty()) return {};
  double largest = 0.0;
  for (const auto& plan : result.plans) {
    largest = std::max(largest, sum(component_totals(result, plan)));
  }
  const Unit unit = energy_unit(largest);
  const auto rows = static_cast<double>(result.plans.size());
  const double height = rows * kRow + 50.0;
  Svg svg(kWidth, height, "Energy of the shown plans by component");
  const Box area = plot_area(kWidth, height, {kNameWidth, 90.0, 4.0, 42.0});
  Scale x = Scale::linear(0.0, largest * unit.factor, 8);
  x.on(area.x, area.right());
  const Scale none;  // no ticks: rows are named
  draw_axes(svg, area, x, none, fmt::format("energy ({})", unit.name), "");
  double y = area.y;
  for (const auto& plan : result.plans) {
    svg.text({area.x - 8.0, y + 17.0}, cut(plan.label, 34), "name", Anchor::end);
    const auto totals = component_totals(result, plan);
    double done = 0.0;
    for (std::size_t c = 0; c < totals.size(); ++c) {
      const double from = x(done * unit.factor), to = x((done + totals[c]) * unit.factor);
      svg.rect({from, y + 4.0, to - from, kRow - 8.0}, component_class(c),
               fmt::format("{}\n{}: {} ({})", plan.label, result.energy_components[c],
                           energy_text(totals[c]), percent_text(totals[c] / sum(totals))));
      done += totals[c];
    }
    svg.text({x(done * unit.factor) + 6.0, y + 17.0}, energy_text(done), "tick");
    y += kRow;
  }
  return svg.str();
}

std::string width_chart(const study::CodesignResult& result) {
  constexpr double kRow = 40.0;
  const auto& names = result.network.compute_layers;
  if (result.plans.empty() || names.empty()) return {};
  const double cell =
      std::min(46.0, (kWidth - kNameWidth - 10.0) / static_cast<double>(names.size()));
  double longest = 0.0;
  for (const std::string& name : names)
    longest = std::max(longest, text_width(cut(name, 22), 10.0));
  const bool named = cell >= 11.0;
  const double foot = named ? longest + 10.0 : 24.0;
  const double height = static_cast<double>(result.plans.size()) * kRow + foot;
  Svg svg(kWidth, height, "Bits per layer of the shown plans");
  double y = 2.0;
  for (const auto& plan : result.plans) {
    svg.text({kNameWidth - 44.0, y + 20.0}, cut(plan.label, 32), "name", Anchor::end);
    svg.text({kNameWidth - 8.0, y + 12.0}, "w", "tick", Anchor::end);
    svg.text({kNameWidth - 8.0, y + 28.0}, "in", "tick", Anchor::end);
    draw_width_rows(svg, result, plan, y, cell);
    y += kRow;
  }
  for (std::size_t i = 0; named && i < names.size(); ++i) {
    const double x = kNameWidth + (static_cast<double>(i) + 0.5) * cell + 3.0;
    svg.text({x, y}, cut(names[i], 22), "small", Anchor::end, -90.0);
  }
  return svg.str();
}

}  // namespace hwflow::report
