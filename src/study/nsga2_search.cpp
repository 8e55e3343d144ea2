#include <fmt/format.h>

#include <limits>
#include <optional>
#include <vector>

#include "pareto/nsga2.hpp"
#include "study/algorithms.hpp"
#include "study/search_seeds.hpp"
#include "study/surrogate.hpp"

namespace hwflow::study {
namespace {

pareto::Nsga2Options options_of(const SearchLedger& ledger, const SearchOptions& options) {
  const bool is_last = ledger.level_count() == levels_of(options).size();
  pareto::Nsga2Options result = breeding_options(options);
  // The budget says when to end.
  result.generations =
      options.evaluations && is_last ? std::numeric_limits<int>::max() : options.generations;
  // Levels breed from the same plans: with the same numbers they would breed the same plans.
  result.seed += ledger.level_count() - 1;
  return result;
}

/// What a generation looks like to the surrogate: objectives of its population.
std::vector<pareto::Objectives> population_of(const pareto::Generation& generation) {
  std::vector<pareto::Objectives> points;
  for (const std::size_t i : generation.population) {
    points.push_back(generation.archive.entries()[i].objectives);
  }
  return points;
}

}  // namespace

void run_nsga2(SearchLedger& ledger, const SearchOptions& options) {
  const bool is_first = ledger.level_count() == 1;
  if (is_first) measure_seeds(ledger, options);
  if (!ledger.alive()) return;
  const std::vector<pareto::Genome> seeds = ledger.known_genomes();
  const std::string prefix = level_prefix(ledger, options);
  Surrogate surrogate(ledger);
  std::optional<double> correlation;
  pareto::Nsga2Options settings = options_of(ledger, options);
  settings.choose = [&](std::span<const pareto::Genome> brood, std::size_t count) {
    return surrogate.choose(brood, count);
  };
  bool seeding = true;
  const auto evaluate = [&](std::span<const pareto::Genome> brood) {
    const Origin origin = seeding ? Origin::random : Origin::offspring;
    const bool predicted = !seeding && settings.oversample > 1;
    seeding = false;
    auto values = ledger.measure(brood, origin);
    if (values && predicted) correlation = surrogate.compare(brood, *values);
    return values;
  };
  const auto on_generation = [&](const pareto::Generation& generation) {
    const std::string of = options.evaluations ? "" : fmt::format(" of {}", options.generations);
    ledger.close_generation(fmt::format("{}generation {}{}", prefix, generation.index, of),
                            correlation);
    if (settings.oversample > 1) surrogate.set_population(population_of(generation));
  };
  const pareto::Nsga2Result outcome = pareto::run_nsga2(
      ledger.space().genomes(), seeds, settings, evaluate, on_generation, ledger.stop_token());
  if (outcome.stopped) ledger.stop();
}

}  // namespace hwflow::study
