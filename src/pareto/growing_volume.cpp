#include "pareto/growing_volume.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/check.hpp"

namespace hwflow::pareto {
namespace {

bool is_below(const Objectives& point, const Objectives& reference) {
  HWFLOW_CHECK(point.size() == reference.size(), "reference of another dimension");
  for (std::size_t k = 0; k < reference.size(); ++k) {
    if (!(point[k] < reference[k])) return false;
  }
  return true;
}

}  // namespace

Staircase::Growth Staircase::add(double x, double y) {
  const auto right =
      std::upper_bound(steps_.begin(), steps_.end(), x,
                       [](double value, const Step& step) { return value < step.x; });
  double height = right == steps_.begin() ? corner_y_ : std::prev(right)->y;
  if (height <= y) return {};
  double area = 0.0, from = x;
  auto last = right;
  for (; last != steps_.end() && last->y >= y; ++last) {
    area += (last->x - from) * (height - y);
    from = last->x;
    height = last->y;
  }
  area += ((last == steps_.end() ? corner_x_ : last->x) - from) * (height - y);
  // A step at the same x is above y: it goes as well.
  const auto first = right != steps_.begin() && std::prev(right)->x == x ? std::prev(right) : right;
  steps_.insert(steps_.erase(first, last), {x, y});
  return {true, area};
}

GrowingVolume::GrowingVolume(std::span<const Objectives> candidates, Objectives reference)
    : reference_(std::move(reference)) {
  HWFLOW_CHECK(!reference_.empty(), "a volume without objectives");
  std::vector<std::set<double>> values(reference_.size());
  for (const Objectives& point : candidates) {
    if (!is_below(point, reference_)) continue;
    for (std::size_t k = 0; k < values.size(); ++k) values[k].insert(point[k]);
  }
  std::vector<std::size_t> order(reference_.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a].size() > values[b].size();
  });
  is_flat_ = order.size() == 1;
  x_ = order[0];
  y_ = is_flat_ ? 0 : order[1];
  std::size_t stairs = 1;
  for (std::size_t k = 2; k < order.size(); ++k) {
    Axis axis;
    axis.objective = order[k];
    axis.values.assign(values[order[k]].begin(), values[order[k]].end());
    for (std::size_t i = 0; i < axis.values.size(); ++i) {
      const bool is_last = i + 1 == axis.values.size();
      axis.widths.push_back((is_last ? reference_[order[k]] : axis.values[i + 1]) - axis.values[i]);
    }
    axis.stride = stairs;
    stairs *= axis.values.size();
    axes_.push_back(std::move(axis));
  }
  std::reverse(axes_.begin(), axes_.end());
  stairs_.assign(stairs, Staircase(reference_[x_], is_flat_ ? 1.0 : reference_[y_]));
}

bool GrowingVolume::add(const Objectives& point) {
  if (!is_below(point, reference_)) return false;
  return add_from(0, 0, 1.0, point);
}

/// True when the point is new in some staircase of the slices from `axis` on.
bool GrowingVolume::add_from(std::size_t axis, std::size_t cell, double width,
                             const Objectives& point) {
  if (axis == axes_.size()) {
    const Staircase::Growth growth = stairs_[cell].add(point[x_], is_flat_ ? 0.0 : point[y_]);
    volume_ += growth.area * width;
    return growth.is_new;
  }
  const Axis& along = axes_[axis];
  const auto begin =
      std::lower_bound(along.values.begin(), along.values.end(), point[along.objective]);
  HWFLOW_CHECK(begin != along.values.end() && *begin == point[along.objective],
               "a point that is none of the candidates");
  bool is_new = false;
  for (auto i = static_cast<std::size_t>(begin - along.values.begin()); i < along.values.size();
       ++i) {
    // A slice further up has all points of this one: what is not new here is not new there.
    if (!add_from(axis + 1, cell + i * along.stride, width * along.widths[i], point)) break;
    is_new = true;
  }
  return is_new;
}

}  // namespace hwflow::pareto
