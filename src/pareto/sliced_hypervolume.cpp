#include "pareto/sliced_hypervolume.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "pareto/growing_volume.hpp"

namespace hwflow::pareto {

SlicedVolume sliced_hypervolume(std::span<const Objectives> points, const Objectives& reference) {
  HWFLOW_CHECK(!reference.empty(), "a volume without objectives");
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    HWFLOW_CHECK(points[i].size() == reference.size(), "reference of another dimension");
    if (points[i][0] < reference[0]) order.push_back(i);
  }
  // In lexicographic order nothing is dominated by (or equal to) a later point.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  SlicedVolume result;
  if (reference.size() == 1) {
    if (order.empty()) return {};
    return {reference[0] - points[order.front()][0], {order.front()}};
  }
  std::vector<Objectives> rest;
  rest.reserve(order.size());
  for (const std::size_t i : order) rest.emplace_back(points[i].begin() + 1, points[i].end());
  GrowingVolume slice(rest, Objectives(reference.begin() + 1, reference.end()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (slice.add(rest[i])) result.front.push_back(order[i]);
    const double here = points[order[i]][0];
    const double next = i + 1 < order.size() ? points[order[i + 1]][0] : reference[0];
    if (next > here) result.volume += (next - here) * slice.volume();
  }
  std::sort(result.front.begin(), result.front.end());
  return result;
}

}  // namespace hwflow::pareto
