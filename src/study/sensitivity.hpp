#pragma once

#include <span>
#include <vector>

#include "pareto/archive.hpp"
#include "study/plan_space.hpp"

namespace hwflow::study {

/// The widest uniform plan with one gene at one narrower value, for every gene and value.
[[nodiscard]] std::vector<pareto::Genome> single_steps(const pareto::GenomeSpace& space);

/// Plans along a greedy path from the widest to the narrowest uniform plan.
///
/// Harm and gain of narrowing a gene are taken from its single step alone and added up over genes,
/// which neither accuracy nor energy does exactly: good starting points, no more. Each step takes
/// the gene of least added harm for the gain.
/// widest   objectives of the widest plan; objectives[0] is the harm, the others are costs
/// steps    objectives as single_steps(), each cost in the same unit as `widest`
/// count    plans wanted, evenly spaced along the path, both ends left out
/// Source   greedy width selection by layer sensitivity as in Dong et al., "HAWQ-V2", NeurIPS 2020.
[[nodiscard]] std::vector<pareto::Genome> greedy_path(const pareto::GenomeSpace& space,
                                                      const pareto::Objectives& widest,
                                                      std::span<const pareto::Objectives> steps,
                                                      std::size_t count);

}  // namespace hwflow::study
