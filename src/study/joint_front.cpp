#include "study/joint_front.hpp"

#include <algorithm>

#include "pareto/sliced_hypervolume.hpp"

namespace hwflow::study {

JointFront joint_front(std::span<const PlanDesigns> plans, const DesignGate& gate) {
  std::vector<PlanDesign> pairs;
  std::vector<pareto::Objectives> points;
  for (std::size_t plan = 0; plan < plans.size(); ++plan) {
    for (std::size_t design = 0; design < plans[plan].designs.size(); ++design) {
      pareto::Objectives point{plans[plan].harm};
      for (const double value : gate.scaled(plans[plan].designs[design])) point.push_back(value);
      pairs.push_back({plan, design});
      points.push_back(std::move(point));
    }
  }
  pareto::Objectives corner{1.0};
  for (const double value : gate.corner()) corner.push_back(value);
  const pareto::SlicedVolume sliced = pareto::sliced_hypervolume(points, corner);
  std::vector<std::size_t> order = sliced.front;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  JointFront front;
  front.volume = sliced.volume;
  for (const std::size_t i : order) front.pairs.push_back(pairs[i]);
  return front;
}

}  // namespace hwflow::study
