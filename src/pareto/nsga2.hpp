#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/diagnostics.hpp"
#include "pareto/breeder.hpp"

namespace hwflow::pareto {

/// Which `count` genomes of a brood (or all, when it has no more) are worth evaluating: distinct
/// indices, the most promising first; none when the run was stopped.
using ChooseOffspring = std::function<std::optional<std::vector<std::size_t>>(
    std::span<const Genome> brood, std::size_t count)>;

struct Nsga2Options {
  int population = 40;   ///< a multiple of 4: tournaments run in groups of four
  int generations = 20;  ///< after generation 0, the seeds
  BreedingOptions breeding = {};
  std::uint64_t seed = 1;
  /// So many times `population` offspring are bred, of which `choose` picks those to evaluate; 1:
  /// all that are bred are evaluated.
  int oversample = 1;
  ChooseOffspring choose = {};
};

/// Everything wrong with the options; places are the names of the members.
[[nodiscard]] Diagnostics validate(const Nsga2Options& options);

/// Objectives of a whole brood of distinct genomes, none of which was evaluated before, in their
/// order; none when the run was stopped; those of the first few when no more may be evaluated: they
/// are the last generation. May use threads: the search waits for the whole brood.
using EvaluateBrood =
    std::function<std::optional<std::vector<Objectives>>(std::span<const Genome> brood)>;

/// What is known after a generation.
struct Generation {
  int index = 0;
  const Archive& archive;
  std::span<const std::size_t> population;  ///< into the archive, best first
};

struct Nsga2Result {
  Archive archive;
  std::vector<std::size_t> population;  ///< the last one, into the archive
  int generations = 0;                  ///< finished ones after generation 0
  bool stopped = false;
};

/// NSGA-II on integer genomes.
///
/// Generation 0 is `seeds` (all of them, duplicates dropped) filled up with random genomes. Every
/// offspring is new: one that was evaluated before is mutated until it is not, because an
/// evaluation costs seconds and a look at the archive nothing. The search ends early when no new
/// genome turns up.
/// Depends on the options, the space, the seeds and the objectives alone; not on threads.
/// Errors  a stop request ends the run after the current generation; `evaluate` that returns none
///         ends it at once, and the archive then holds whole generations only.
/// Source  Deb et al., IEEE TEC 6(2), 2002.
[[nodiscard]] Nsga2Result run_nsga2(
    const GenomeSpace& space, std::span<const Genome> seeds, const Nsga2Options& options,
    const EvaluateBrood& evaluate, const std::function<void(const Generation&)>& on_generation = {},
    const std::stop_token& stop = {});

}  // namespace hwflow::pareto
