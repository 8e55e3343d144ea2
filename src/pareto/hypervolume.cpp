#include "pareto/hypervolume.hpp"

#include <algorithm>
#include <pagmo/utils/hypervolume.hpp>

#include "base/check.hpp"

namespace hwflow::pareto {

double hypervolume(std::span<const Objectives> points, const Objectives& reference) {
  std::vector<Objectives> inside;
  for (const std::size_t i : pareto_front(points)) {
    HWFLOW_CHECK(points[i].size() == reference.size(), "reference of another dimension");
    bool better = true;
    for (std::size_t k = 0; k < reference.size(); ++k) better &= points[i][k] < reference[k];
    if (better) inside.push_back(points[i]);
  }
  if (inside.empty()) return 0.0;
  // pagmo starts at two objectives.
  if (reference.size() == 1) return reference[0] - inside.front()[0];
  return pagmo::hypervolume(inside).compute(reference);
}

}  // namespace hwflow::pareto
