#include "study/search_seeds.hpp"

#include "study/sensitivity.hpp"

namespace hwflow::study {

using pareto::Genome;
using pareto::Objectives;

SeedCounts count_seeds(const SearchOptions& options, const PlanSpace& space) {
  if (!options.sensitivity_seeds) return {};
  const std::size_t steps = single_steps(space.genomes()).size();
  return {steps, steps == 0 ? 0 : static_cast<std::size_t>(options.population) / 2};
}

std::optional<Sensitivities> measure_steps(SearchLedger& ledger, const SearchOptions& options) {
  const pareto::GenomeSpace& space = ledger.space().genomes();
  const std::vector<Genome> steps = single_steps(space);
  const auto widest = ledger.measure(std::vector<Genome>{space.largest}, Origin::single_step);
  const auto values = ledger.measure(steps, Origin::single_step);
  if (!widest || widest->empty() || !values || values->size() < steps.size()) return std::nullopt;
  Sensitivities found{harm_first(options.objectives, widest->front()), {}};
  for (const Objectives& value : *values) {
    found.steps.push_back(harm_first(options.objectives, value));
  }
  return found;
}

void measure_seeds(SearchLedger& ledger, const SearchOptions& options) {
  const SeedCounts counts = count_seeds(options, ledger.space());
  if (counts.steps == 0) return;
  const std::optional<Sensitivities> found = measure_steps(ledger, options);
  if (!found) return;
  const std::vector<Genome> path =
      greedy_path(ledger.space().genomes(), found->widest, found->steps, counts.path);
  static_cast<void>(ledger.measure(path, Origin::greedy));
}

}  // namespace hwflow::study
