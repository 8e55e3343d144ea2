#include "chip/mapper/landscape.hpp"

#include <algorithm>
#include <cmath>

namespace hwflow::chip {
namespace {

/// Energy and cycles break ties, so that a search over a plateau still drifts the right way.
View view_of(double value, double energy_pj, double cycles, double haste) {
  const double height = std::log(value + 1.0) + 1e-3 * std::log(energy_pj + 1.0) +
                        (1e-3 + haste) * std::log(cycles + 1.0);
  return {height, value};
}

}  // namespace

View Landscape::look(const Candidate& candidate) const {
  const Decided all = problem_.model.all();
  if (!problem_.space.fits_mesh(candidate) || problem_.model.overflow(candidate, all.levels))
    return {};
  const Objective objective = problem_.options.objective;
  if (bounded_) {
    const Bound bound = problem_.model.bound(candidate, all);
    return view_of(value_of(bound, objective), bound.energy_pj, bound.cycles, haste_);
  }
  const auto result =
      evaluate(problem_.layer, problem_.accelerator, problem_.space.to_mapping(candidate));
  const auto* cost = std::get_if<Cost>(&result);
  if (cost == nullptr) return {};
  return view_of(value_of(*cost, objective), cost->energy_pj, static_cast<double>(cost->cycles),
                 haste_);
}

LoopMoves moves_of(const SearchProblem& problem) {
  const auto& levels = problem.accelerator.levels();
  const bool forwards = std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
    return level.fanout.forwarding && level.fanout.instances() > 1;
  });
  return LoopMoves(problem.space, forwards && !has_bounds(problem.accelerator));
}

}  // namespace hwflow::chip
