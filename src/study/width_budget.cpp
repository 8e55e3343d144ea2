#include "study/width_budget.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hwflow::study {

int width_of_action(double action, std::span<const int> widths) {
  const double least = widths.front(), greatest = widths.back();
  // Halves go to even numbers, so that 1 may mean one bit more than there is.
  const double bits =
      std::clamp(std::nearbyint((greatest - least + 1.0) * action + least - 0.5), least, greatest);
  const auto nearest = std::ranges::min_element(
      widths, {}, [bits](int width) { return std::abs(static_cast<double>(width) - bits); });
  return static_cast<int>(nearest - widths.begin());
}

std::vector<std::size_t> narrowing_order(const pareto::Genome& genome, bool weights_only) {
  std::vector<std::size_t> order;
  pareto::Genome left = genome;
  for (bool lowered = true; lowered;) {
    lowered = false;
    for (std::size_t pair = genome.size() / 2; pair-- > 0;) {
      for (const std::size_t gene : {2 * pair + 1, 2 * pair}) {
        if (left[gene] == 0 || (weights_only && gene % 2 == 1)) continue;
        --left[gene];
        order.push_back(gene);
        lowered = true;
      }
    }
  }
  return order;
}

std::optional<pareto::Genome> narrow_to_budget(const pareto::Genome& genome,
                                               std::span<const std::size_t> order,
                                               const IsWithin& is_within) {
  const auto after = [&](std::size_t steps) {
    pareto::Genome narrowed = genome;
    for (const std::size_t gene : order.first(steps)) --narrowed[gene];
    return narrowed;
  };
  const std::optional<bool> fits = is_within(genome);
  if (!fits) return std::nullopt;
  if (*fits) return genome;
  std::size_t too_dear = 0, within = order.size();
  while (within - too_dear > 1) {
    const std::size_t middle = std::midpoint(too_dear, within);
    const std::optional<bool> answer = is_within(after(middle));
    if (!answer) return std::nullopt;
    (*answer ? within : too_dear) = middle;
  }
  return after(within);
}

}  // namespace hwflow::study
