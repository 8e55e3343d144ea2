#include "study/sensitivity.hpp"

#include <algorithm>
#include <limits>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

/// What one gene does at each of its values, against its largest.
struct GeneEffect {
  std::vector<double> harm, gain;
};

std::vector<GeneEffect> effects_of(const pareto::GenomeSpace& space,
                                   const pareto::Objectives& widest,
                                   std::span<const pareto::Objectives> steps) {
  std::vector<GeneEffect> effects;
  std::size_t next = 0;
  for (const int largest : space.largest) {
    GeneEffect effect;
    for (int value = 0; value < largest; ++value) {
      const pareto::Objectives& step = steps[next++];
      double gain = 0.0;
      for (std::size_t k = 1; k < widest.size(); ++k) gain += 1.0 - step[k] / widest[k];
      effect.gain.push_back(gain);
      effect.harm.push_back(std::max(0.0, step[0] - widest[0]));
    }
    effect.gain.push_back(0.0);
    effect.harm.push_back(0.0);
    effects.push_back(std::move(effect));
  }
  HWFLOW_CHECK(next == steps.size(), "not one result for every single step");
  return effects;
}

/// Added harm for the added gain of narrowing a gene to `value - 1`.
double price(const GeneEffect& effect, int value) {
  const auto at = static_cast<std::size_t>(value);
  // A tenth of a point of harm that the search images cannot tell from none, and no division by 0.
  constexpr double kLeastHarm = 1e-3;
  constexpr double kLeastGain = 1e-9;
  const double harm = std::max(kLeastHarm, effect.harm[at - 1] - effect.harm[at]);
  const double gain = std::max(kLeastGain, effect.gain[at - 1] - effect.gain[at]);
  return harm / gain;
}

}  // namespace

std::vector<pareto::Genome> single_steps(const pareto::GenomeSpace& space) {
  std::vector<pareto::Genome> steps;
  for (std::size_t gene = 0; gene < space.largest.size(); ++gene) {
    for (int value = 0; value < space.largest[gene]; ++value) {
      steps.push_back(space.largest);
      steps.back()[gene] = value;
    }
  }
  return steps;
}

std::vector<pareto::Genome> greedy_path(const pareto::GenomeSpace& space,
                                        const pareto::Objectives& widest,
                                        std::span<const pareto::Objectives> steps,
                                        std::size_t count) {
  const std::vector<GeneEffect> effects = effects_of(space, widest, steps);
  std::vector<pareto::Genome> path;
  pareto::Genome genome = space.largest;
  for (;;) {
    double best = std::numeric_limits<double>::infinity();
    std::size_t chosen = genome.size();
    for (std::size_t gene = 0; gene < genome.size(); ++gene) {
      if (genome[gene] == 0) continue;
      const double candidate = price(effects[gene], genome[gene]);
      if (candidate < best) {
        best = candidate;
        chosen = gene;
      }
    }
    if (chosen == genome.size()) break;
    --genome[chosen];
    path.push_back(genome);
  }
  if (!path.empty()) path.pop_back();  // the narrowest uniform plan is a baseline
  if (path.size() <= count) return path;
  std::vector<pareto::Genome> spaced;
  for (std::size_t i = 1; i <= count; ++i) spaced.push_back(path[i * path.size() / (count + 1)]);
  return spaced;
}

}  // namespace hwflow::study
