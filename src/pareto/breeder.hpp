#pragma once

#include <cstdint>
#include <optional>
#include <pagmo/rng.hpp>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "pareto/archive.hpp"

namespace hwflow::pareto {

/// Genomes that exist: gene i takes 0..largest[i].
struct GenomeSpace {
  std::vector<int> largest;
  /// Neighbouring genes that belong together, such as the two widths of a layer: the genome is a
  /// sequence of groups of so many genes.
  std::size_t group = 1;
  std::size_t singles = 0;  ///< genes at the end that are groups of their own
  /// Number of genomes, at most 2^53 (a double holds it exactly).
  [[nodiscard]] double size() const;
  /// Its decimal logarithm, without that limit.
  [[nodiscard]] double log10_size() const;
};

/// How often, for each genome that is wanted, one is made that is not known yet before a search
/// gives up.
inline constexpr int kTriesForNewGenome = 50;

/// What two parents exchange.
enum class Crossover : std::uint8_t {
  gene_run,   ///< a run of genes, wherever it begins and ends (two-point crossover)
  group_run,  ///< a run of whole groups
  groups      ///< every group with probability 1/2; every second time every single gene
};

/// What becomes of a gene that mutates.
enum class Mutation : std::uint8_t {
  redraw,         ///< any value, its own included
  step,           ///< a neighbouring value
  step_or_redraw  ///< either, with probability 1/2
};

struct BreedingOptions {
  Crossover crossover = Crossover::gene_run;
  Mutation mutation = Mutation::redraw;
  double crossover_probability = 0.9;
  /// Probability that a gene mutates; none = 1 / genes.
  std::optional<double> mutation_probability = std::nullopt;
  bool operator==(const BreedingOptions&) const = default;
};

/// Crossover and mutation of integer genomes, each kind with a random stream of its own.
/// Source  gene_run and redraw are pagmo2's; keeping groups whole is of HW-FlowQ (docs/search.md).
class Breeder {
 public:
  /// `space` outlives the breeder.
  Breeder(const GenomeSpace& space, const BreedingOptions& options, std::uint64_t seed);

  [[nodiscard]] std::pair<Genome, Genome> cross(const Genome& mother, const Genome& father);
  /// May leave the genome as it is.
  void mutate(Genome& genome);

 private:
  void exchange_run(Genome& first, Genome& second);
  void exchange_groups(Genome& first, Genome& second);
  [[nodiscard]] int mutated(int value, int largest);
  [[nodiscard]] bool happens(double probability) { return rng_.uniform() < probability; }

  const GenomeSpace& space_;
  BreedingOptions options_;
  double mutation_probability_;
  pagmo::detail::random_engine_type engine_;
  std::pair<std::vector<double>, std::vector<double>> bounds_;
  Rng rng_;
};

}  // namespace hwflow::pareto
