#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/random.hpp"
#include "study/algorithms.hpp"
#include "study/search_seeds.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

/// Up to `count` genomes that are not in `known`, which they join.
std::vector<Genome> draw(const pareto::GenomeSpace& space, std::int64_t count, Rng& rng,
                         std::set<Genome>& known) {
  std::vector<Genome> brood;
  for (std::int64_t tries = 0; static_cast<std::int64_t>(brood.size()) < count &&
                               tries < pareto::kTriesForNewGenome * count;
       ++tries) {
    Genome genome;
    for (const int largest : space.largest) {
      genome.push_back(static_cast<int>(rng.between(0, largest)));
    }
    if (known.insert(genome).second) brood.push_back(std::move(genome));
  }
  return brood;
}

}  // namespace

void run_random(SearchLedger& ledger, const SearchOptions& options) {
  measure_seeds(ledger, options);
  ledger.close_generation("seeds");
  const std::vector<Genome> seeds = ledger.known_genomes();
  std::set<Genome> known(seeds.begin(), seeds.end());
  ledger.limit_evaluations(default_budget(options, ledger.evaluations()));
  Rng rng = Rng::derive(options.seed, 3);
  for (int number = 1; ledger.alive() && ledger.evaluations_left() > 0; ++number) {
    const std::int64_t count =
        std::min<std::int64_t>(options.population, ledger.evaluations_left());
    const std::vector<Genome> brood = draw(ledger.space().genomes(), count, rng, known);
    if (brood.empty() || !ledger.measure(brood, Origin::random)) return;
    ledger.close_generation(fmt::format("brood {}", number));
  }
}

}  // namespace hwflow::study
