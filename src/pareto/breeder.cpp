#include "pareto/breeder.hpp"

#include <algorithm>
#include <cmath>
#include <pagmo/utils/genetic_operators.hpp>

#include "base/check.hpp"

namespace hwflow::pareto {
namespace {

constexpr double kDistributionIndex = 20.0;  // of pagmo's continuous genes; we have none

using PagmoVector = std::vector<double>;

PagmoVector as_doubles(const Genome& genome) { return {genome.begin(), genome.end()}; }

Genome to_genome(const PagmoVector& genes) {
  Genome genome;
  for (const double gene : genes) genome.push_back(static_cast<int>(std::lround(gene)));
  return genome;
}

}  // namespace

double GenomeSpace::size() const {
  double product = 1.0;
  for (const int value : largest) product *= 1.0 + value;
  return std::min(product, std::ldexp(1.0, 53));
}

double GenomeSpace::log10_size() const {
  double sum = 0.0;
  for (const int value : largest) sum += std::log10(1.0 + value);
  return sum;
}

Breeder::Breeder(const GenomeSpace& space, const BreedingOptions& options, std::uint64_t seed)
    : space_(space),
      options_(options),
      mutation_probability_(options.mutation_probability.value_or(
          1.0 / static_cast<double>(std::max<std::size_t>(1, space.largest.size())))),
      engine_(static_cast<pagmo::detail::random_engine_type::result_type>(Rng::derive(seed, 1)() &
                                                                          0xffffffffU)),
      bounds_(PagmoVector(space.largest.size(), 0.0), as_doubles(space.largest)),
      rng_(Rng::derive(seed, 2)) {
  HWFLOW_CHECK(space.group > 0 && space.singles <= space.largest.size() &&
                   (space.largest.size() - space.singles) % space.group == 0,
               "a genome that is no sequence of whole groups");
}

std::pair<Genome, Genome> Breeder::cross(const Genome& mother, const Genome& father) {
  if (options_.crossover == Crossover::gene_run) {
    // With integers alone this is a two-point crossover.
    const auto [first, second] =
        pagmo::sbx_crossover(as_doubles(mother), as_doubles(father), bounds_, space_.largest.size(),
                             options_.crossover_probability, kDistributionIndex, engine_);
    return {to_genome(first), to_genome(second)};
  }
  std::pair<Genome, Genome> children{mother, father};
  if (!happens(options_.crossover_probability)) return children;
  if (options_.crossover == Crossover::group_run) {
    exchange_run(children.first, children.second);
  } else {
    exchange_groups(children.first, children.second);
  }
  return children;
}

/// Two groups are drawn; all from the one to the other are exchanged.
void Breeder::exchange_run(Genome& first, Genome& second) {
  const std::size_t wide = (space_.largest.size() - space_.singles) / space_.group;
  const std::size_t groups = wide + space_.singles;
  if (groups == 0) return;
  std::size_t from = rng_.below(groups), to = rng_.below(groups);
  if (from > to) std::swap(from, to);
  const auto begin_of = [&](std::size_t group) {
    return group <= wide ? group * space_.group : wide * space_.group + (group - wide);
  };
  for (std::size_t gene = begin_of(from); gene < begin_of(to + 1); ++gene) {
    std::swap(first[gene], second[gene]);
  }
}

void Breeder::exchange_groups(Genome& first, Genome& second) {
  const std::size_t wide = rng_.below(2) == 0 ? space_.group : 1;
  const std::size_t singles = first.size() - space_.singles;
  for (std::size_t begin = 0, end = 0; begin < first.size(); begin = end) {
    end = begin + (begin < singles ? wide : 1);
    if (rng_.below(2) == 0) continue;
    for (std::size_t gene = begin; gene < end; ++gene) std::swap(first[gene], second[gene]);
  }
}

int Breeder::mutated(int value, int largest) {
  const bool steps = options_.mutation == Mutation::step || rng_.below(2) == 0;
  if (!steps || largest == 0) return static_cast<int>(rng_.between(0, largest));
  if (value == 0) return 1;
  if (value == largest) return largest - 1;
  return rng_.below(2) == 0 ? value - 1 : value + 1;
}

void Breeder::mutate(Genome& genome) {
  if (options_.mutation == Mutation::redraw) {
    PagmoVector genes = as_doubles(genome);
    pagmo::polynomial_mutation(genes, bounds_, genes.size(), mutation_probability_,
                               kDistributionIndex, engine_);
    genome = to_genome(genes);
    return;
  }
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    if (happens(mutation_probability_)) {
      genome[gene] = mutated(genome[gene], space_.largest[gene]);
    }
  }
}

}  // namespace hwflow::pareto
