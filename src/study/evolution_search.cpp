#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/shuffle.hpp"
#include "pareto/breeder.hpp"
#include "study/algorithms.hpp"
#include "study/budget_rules.hpp"
#include "study/decisions.hpp"
#include "study/plan_prices.hpp"
#include "study/search_seeds.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

constexpr std::int64_t kLeastParents = 4;  // of a budget

/// Breeds plans within one budget.
class Lineage {
 public:
  Lineage(SearchLedger& ledger, const SearchOptions& options, PlanPrices& prices,
          const Limits& limits, std::uint64_t number)
      : ledger_(ledger),
        prices_(prices),
        limits_(limits),
        within_(prices.within(limits)),
        breeder_(ledger.space().genomes(), breeding_options(options).breeding,
                 Rng::derive(options.seed, 100 + number)()),
        rng_(Rng::derive(options.seed, 200 + number)) {
    for (const Decision& decision : decisions_of(ledger.space(), ledger.network()))
      if (may_change(limits, decision.kind)) dear_.push_back(decision.gene);
  }

  /// Up to `count` genomes within the budget that are not in `known`, which they join; of the
  /// `parents` most accurate that were measured within it, by tournaments of two; while there are
  /// not two, of all that were measured. None: stopped, or a layer cannot be mapped.
  std::optional<std::vector<Genome>> breed(std::int64_t count, std::int64_t parents,
                                           std::set<Genome>& known) {
    const std::vector<Genome> measured = ledger_.known_genomes();
    const auto best = best_of(measured, static_cast<std::size_t>(parents));
    if (!best) return std::nullopt;
    const auto parent = [&]() -> const Genome& {
      if (best->size() < 2) return measured[rng_.below(measured.size())];
      const std::size_t one = rng_.below(best->size()), other = rng_.below(best->size());
      return (*best)[std::min(one, other)];
    };
    std::vector<Genome> brood;
    for (std::int64_t tries = 0;
         std::ssize(brood) < count && tries < pareto::kTriesForNewGenome * count; ++tries) {
      Genome child = breeder_.cross(parent(), parent()).first;
      breeder_.mutate(child);
      const bool fill =
          2 * tries < pareto::kTriesForNewGenome * count;  // then full plans have run out
      std::optional<Genome> fitted = fit(child, fill);
      if (!fitted) return std::nullopt;
      if (known.insert(*fitted).second) brood.push_back(std::move(*fitted));
    }
    return brood;
  }

 private:
  /// Those within the budget, the most accurate first, of two the one that fills its limits less.
  std::optional<std::vector<Genome>> best_of(const std::vector<Genome>& measured,
                                             std::size_t count) {
    std::vector<std::tuple<std::int64_t, double, std::size_t>>
        ranks;  // right images, less is more; cost; index
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const CompressionPlan plan = ledger_.space().decode(measured[i]);
      const std::optional<bool> is_within = within_(measured[i]);
      const std::optional<double> cost = prices_.filled(limits_, plan);
      const auto accuracy = ledger_.accuracy(plan);
      if (!is_within || !cost || !accuracy) return std::nullopt;
      if (*is_within) ranks.emplace_back(-accuracy->correct, *cost, i);
    }
    std::ranges::sort(ranks);
    std::vector<Genome> best;
    for (std::size_t i = 0; i < std::min(count, ranks.size()); ++i)
      best.push_back(measured[std::get<2>(ranks[i])]);
    return best;
  }

  /// Narrowed at random until it is within the budget; then, to fill it, genes are raised one by
  /// one, in random order, until none can be and stay within: what a plan leaves is given away.
  std::optional<Genome> fit(const Genome& child, bool fill) {
    std::vector<std::size_t> order;
    for (const std::size_t gene : dear_)
      order.insert(order.end(), static_cast<std::size_t>(child[gene]), gene);
    shuffle(order, rng_);
    std::optional<Genome> fitted = narrow_to_budget(child, order, within_);
    if (!fitted || !fill) return fitted;
    if (!fill_up(*fitted)) return std::nullopt;
    return fitted;
  }

  /// False: stopped, or a layer cannot be mapped.
  bool fill_up(Genome& genome) {
    const std::vector<int>& largest = ledger_.space().genomes().largest;
    std::vector<std::size_t> genes(largest.size());
    std::iota(genes.begin(), genes.end(), std::size_t{0});
    for (bool raised = true; raised;) {
      raised = false;
      shuffle(genes, rng_);
      for (const std::size_t gene : genes) {
        if (genome[gene] == largest[gene]) continue;
        ++genome[gene];
        const std::optional<bool> is_within = within_(genome);
        if (!is_within) return false;
        raised = raised || *is_within;
        if (!*is_within) --genome[gene];
      }
    }
    return true;
  }

  SearchLedger& ledger_;
  PlanPrices& prices_;
  Limits limits_;
  IsWithin within_;
  pareto::Breeder breeder_;
  Rng rng_;
  std::vector<std::size_t> dear_;  ///< genes that a cost of the budget may depend on
};

}  // namespace

void run_evolution(SearchLedger& ledger, const SearchOptions& options) {
  PlanPrices prices(ledger);
  const auto budgets = prices.budgets();
  if (!budgets) return;
  measure_seeds(ledger, options);
  ledger.close_generation("seeds");
  ledger.limit_evaluations(default_budget(options, ledger.evaluations()));
  if (!ledger.alive()) return;
  std::vector<Lineage> lineages;
  for (const Limits& limits : *budgets)
    lineages.emplace_back(ledger, options, prices, limits, lineages.size());
  const auto count = std::ssize(lineages);
  const std::int64_t parents =
      std::max<std::int64_t>(kLeastParents, (options.population + count - 1) / count);
  const std::vector<Genome> seeds = ledger.known_genomes();
  std::set<Genome> known(seeds.begin(), seeds.end());
  for (int generation = 1; ledger.evaluations_left() > 0; ++generation) {
    if (ledger.stop_token().stop_requested()) return ledger.stop();
    std::vector<Genome> brood;
    for (std::size_t i = 0; i < lineages.size(); ++i) {
      // What is left is shared evenly; where it is less than one each, by the first budgets.
      const std::int64_t left = ledger.evaluations_left() - std::ssize(brood);
      const std::int64_t share = (left + count - static_cast<std::int64_t>(i) - 1) /
                                 (count - static_cast<std::int64_t>(i));
      const auto bred = lineages[i].breed(std::min(parents, share), parents, known);
      if (!bred) return;
      brood.insert(brood.end(), bred->begin(), bred->end());
    }
    if (brood.empty() || !ledger.measure(brood, Origin::offspring)) return;
    ledger.close_generation(fmt::format("generation {}", generation));
  }
}

}  // namespace hwflow::study
