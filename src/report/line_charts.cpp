#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/labels.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 560.0, kHeight = 400.0;
constexpr double kRoofWidth = 1080.0, kRoofHeight = 380.0;

/// A layer as the roofline sees it: MACs per byte of DRAM traffic, and MACs per cycle.
struct RoofPoint {
  const study::LayerDetails* layer;
  double intensity, speed;
};

std::vector<RoofPoint> roof_points(const study::PlanDetails& plan) {
  std::vector<RoofPoint> points;
  for (const auto& layer : plan.layers) {
    if (layer.macs <= 0 || layer.dram_bits <= 0 || layer.cycles <= 0) continue;
    const auto macs = static_cast<double>(layer.macs);
    points.push_back({&layer, 8.0 * macs / static_cast<double>(layer.dram_bits),
                      macs / static_cast<double>(layer.cycles)});
  }
  std::sort(points.begin(), points.end(), [](const RoofPoint& a, const RoofPoint& b) {
    return a.layer->cycles > b.layer->cycles;
  });
  return points;
}

class Roofline {
 public:
  Roofline(const study::CodesignResult& result, const study::PlanDetails& plan)
      : result_(result), plan_(plan), points_(roof_points(plan)) {}

  std::string draw() {
    if (points_.empty()) return {};
    choose_scales();
    Svg svg(kRoofWidth, kRoofHeight, "Roofline of " + plan_.label);
    draw_axes(svg, area_, x_, y_, "arithmetic intensity (MACs per byte of DRAM traffic)",
              "MACs per cycle");
    Labels labels(area_);
    draw_roofs(svg, labels);
    for (const auto& point : points_) {
      svg.circle(at(point), 4.0, "front", hover(point));
      labels.avoid(at(point), 4.0);
    }
    for (const auto& point : points_) labels.place(svg, at(point), point.layer->name, "label");
    return svg.str();
  }

 private:
  Point at(const RoofPoint& point) const { return {x_(point.intensity), y_(point.speed)}; }

  void choose_scales() {
    double least_x = std::numeric_limits<double>::infinity(), most_x = 0.0;
    double least_y = std::numeric_limits<double>::infinity(), most_y = 0.0;
    for (const auto& point : points_) {
      least_x = std::min(least_x, point.intensity);
      most_x = std::max(most_x, point.intensity);
      least_y = std::min(least_y, point.speed);
      most_y = std::max({most_y, point.speed, point.layer->peak_macs_per_cycle});
      peaks_.insert(point.layer->peak_macs_per_cycle);
    }
    peaks_.erase(0.0);
    if (const auto bandwidth = result_.accelerator.dram_bits_per_cycle;
        bandwidth && !peaks_.empty()) {
      const double ridge = 8.0 * *peaks_.rbegin() / *bandwidth;
      least_x = std::min(least_x, ridge / 2.0);
      most_x = std::max(most_x, ridge * 2.0);
    }
    area_ = plot_area(kRoofWidth, kRoofHeight);
    x_ = Scale::logarithmic(least_x, most_x).on(area_.x, area_.right());
    y_ = Scale::logarithmic(least_y / 1.5, most_y * 1.8).on(area_.bottom(), area_.y);
  }

  void draw_roofs(Svg& svg, Labels& labels) {
    const auto bandwidth = result_.accelerator.dram_bits_per_cycle;
    const double slope = bandwidth ? *bandwidth / 8.0 : 0.0;  // MACs per cycle at one MAC per byte
    svg.begin_clip(area_);
    for (const double peak : peaks_) {
      const double from = slope > 0.0 ? std::max(peak / slope, x_.low()) : x_.low();
      const bool highest = peak == *peaks_.rbegin();
      svg.line({x_(from), y_(peak)}, {area_.right(), y_(peak)}, highest ? "roof" : "roof minor");
    }
    if (slope > 0.0) {
      const double top = peaks_.empty() ? y_.high() : *peaks_.rbegin();
      svg.line({x_(x_.low()), y_(slope * x_.low())}, {x_(top / slope), y_(top)}, "roof");
    }
    svg.end_group();
    keep_off_roofs(labels, slope);
    if (!peaks_.empty()) {
      const double peak = *peaks_.rbegin();
      const std::string text = fmt::format("peak {} MACs/cycle", number_text(peak));
      const double width = text_width(text);
      svg.text({area_.right() - 4.0, y_(peak) - 5.0}, text, "label roof-text", Anchor::end);
      labels.avoid(Box{area_.right() - width - 4.0, y_(peak) - 16.0, width + 4.0, 20.0});
    }
    if (slope > 0.0) {
      const std::string text = fmt::format("DRAM {} bits/cycle", number_text(*bandwidth));
      const Box box{area_.x + 6.0, area_.y + 4.0, text_width(text), 14.0};
      svg.text({box.x, box.y + 11.0}, text, "label roof-text");
      labels.avoid(box);
    }
  }

  void keep_off_roofs(Labels& labels, double slope) const {
    if (peaks_.empty()) return;
    const double peak = *peaks_.rbegin();
    const double ridge = slope > 0.0 ? std::max(x_(peak / slope), area_.x) : area_.x;
    labels.avoid(Box{ridge, y_(peak) - 1.0, area_.right() - ridge, 2.0});
    if (slope <= 0.0) return;
    const double left_x = x_(x_.low()), left_y = y_(slope * x_.low());
    constexpr int kPieces = 60;  // of the slope, each small enough to be a box
    const double dx = (x_(peak / slope) - left_x) / kPieces, dy = (y_(peak) - left_y) / kPieces;
    for (int i = 0; i < kPieces; ++i) {
      labels.avoid(Box{left_x + i * dx, left_y + (i + 1) * dy, dx, -dy});
    }
  }

  static std::string hover(const RoofPoint& point) {
    const auto& layer = *point.layer;
    return fmt::format(
        "{}: {}\n{} MACs/cycle of {} (utilization {})\n{} MACs per DRAM byte\n{} cycles, {} of "
        "compute",
        layer.name, layer.shape, number_text(point.speed), number_text(layer.peak_macs_per_cycle),
        percent_text(layer.utilization), number_text(point.intensity), count_text(layer.cycles),
        count_text(layer.compute_cycles));
  }

  const study::CodesignResult& result_;
  const study::PlanDetails& plan_;
  std::vector<RoofPoint> points_;
  std::set<double> peaks_;
  Box area_;
  Scale x_, y_;
};

}  // namespace

std::string roofline_chart(const study::CodesignResult& result, std::size_t plan) {
  return Roofline(result, result.plans[plan]).draw();
}

std::string convergence_chart(const study::CodesignResult& result) {
  if (result.generations.empty()) return {};
  double least = std::numeric_limits<double>::infinity(), most = 0.0;
  for (const auto& generation : result.generations) {
    least = std::min(least, generation.hypervolume);
    most = std::max(most, generation.hypervolume);
  }
  const Box area = plot_area(kWidth, kHeight);
  const int first = result.generations.front().generation;
  const int last = result.generations.back().generation;
  const Scale x =
      Scale::linear(first, last, std::clamp(last - first, 1, 8)).on(area.x, area.right());
  const Scale y = Scale::linear(least, most, 6).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, "Hypervolume by generation");
  draw_axes(svg, area, x, y, "generation", "hypervolume (normalised)");
  std::vector<Point> points;
  for (const auto& generation : result.generations) {
    points.push_back({x(generation.generation), y(generation.hypervolume)});
  }
  svg.polyline(points, "front-line");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& generation = result.generations[i];
    svg.circle(points[i], 3.0, "front",
               fmt::format("generation {}\nhypervolume {:.5f}\n{} evaluations\n{} plans on the "
                           "front",
                           generation.generation, generation.hypervolume, generation.evaluations,
                           generation.front_size));
  }
  return svg.str();
}

}  // namespace hwflow::report
