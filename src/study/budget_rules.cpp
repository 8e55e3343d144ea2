#include "study/budget_rules.hpp"

#include <numeric>

namespace hwflow::study {

std::optional<int> cap_to_budget(pareto::Genome genome, std::size_t gene,
                                 const IsWithin& is_within) {
  const int wanted = genome[gene];
  int within = 0, too_dear = wanted + 1;  // between them: not known
  for (int asked = wanted; too_dear - within > 1; asked = std::midpoint(within, too_dear)) {
    genome[gene] = asked;
    const std::optional<bool> answer = is_within(genome);
    if (!answer) return std::nullopt;
    (*answer ? within : too_dear) = asked;
  }
  return within;
}

std::vector<std::size_t> narrowing_order(const pareto::Genome& genome,
                                         std::span<const std::size_t> genes) {
  std::vector<std::size_t> order;
  pareto::Genome left = genome;
  for (bool lowered = true; lowered;) {
    lowered = false;
    for (std::size_t i = genes.size(); i-- > 0;) {
      if (left[genes[i]] == 0) continue;
      --left[genes[i]];
      order.push_back(genes[i]);
      lowered = true;
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
