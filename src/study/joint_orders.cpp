#include "study/joint_orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <set>

#include "base/check.hpp"
#include "pareto/nsga2.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

/// Generations in a row in which nothing was measured: then nothing more will be.
constexpr int kMostIdleGenerations = 100;

/// Objectives of plans that are out of the question: behind all others, by what they lack.
Objectives lacking(double violation) { return {2.0 + violation, 2.0 + violation}; }

pareto::Nsga2Options nsga2_options(const SearchOptions& options) {
  pareto::Nsga2Options result;
  result.population = options.population;
  // The budget says when to end.
  result.generations = options.evaluations ? std::numeric_limits<int>::max() : options.generations;
  result.breeding = {options.crossover, options.mutation, options.crossover_probability,
                     options.mutation_probability};
  result.seed = options.seed;
  return result;
}

std::vector<Genome> seeds_of(const StrategyLedger& ledger) {
  std::set<Genome> known;
  std::vector<Genome> seeds;
  for (const PrecisionPlan& plan : uniform_plans(ledger.study(), ledger.plans())) {
    std::optional<Genome> genome = ledger.plans().encode(plan);
    if (genome && known.insert(*genome).second) seeds.push_back(std::move(*genome));
  }
  return seeds;
}

std::vector<PrecisionPlan> decoded(const PlanSpace& space, std::span<const Genome> genomes) {
  std::vector<PrecisionPlan> plans;
  for (const Genome& genome : genomes) plans.push_back(space.decode(genome));
  return plans;
}

/// Runs NSGA-II with what `evaluate` says of plans, by their places in the ledger.
void breed(StrategyLedger& ledger, const SearchOptions& options,
           const std::function<std::optional<std::vector<Objectives>>(
               std::span<const std::size_t> places)>& evaluate) {
  int idle = 0;
  const auto evaluate_brood =
      [&](std::span<const Genome> brood) -> std::optional<std::vector<Objectives>> {
    const std::int64_t before = ledger.evaluations();
    auto values = evaluate(ledger.enter(decoded(ledger.plans(), brood)));
    idle = ledger.evaluations() > before ? 0 : idle + 1;
    // Without a budget the number of generations ends the search.
    if (values && options.evaluations && idle > kMostIdleGenerations) values->clear();
    return values;
  };
  const auto on_generation = [&](const pareto::Generation& generation) {
    ledger.close_generation(fmt::format("generation {}", generation.index));
  };
  const std::vector<Genome> seeds = seeds_of(ledger);
  const pareto::Nsga2Result outcome =
      pareto::run_nsga2(ledger.plans().genomes(), seeds, nsga2_options(options), evaluate_brood,
                        on_generation, ledger.stop_token());
  if (outcome.stopped) ledger.stop();
}

/// The first of `places` of which no more are to be measured than the budget allows.
std::span<const std::size_t> affordable(const StrategyLedger& ledger,
                                        std::span<const std::size_t> places,
                                        const std::function<bool(const Strategy&)>& is_wanted) {
  std::int64_t left = ledger.evaluations_left();
  std::size_t count = 0;
  for (const std::size_t place : places) {
    const Strategy& strategy = ledger.strategies()[place];
    if (!strategy.accuracy && is_wanted(strategy) && left-- == 0) break;
    ++count;
  }
  return places.first(count);
}

}  // namespace

double bit_operations(const Network& network, const PrecisionPlan& plan) {
  double total = 0.0;
  const std::vector<NodeId>& nodes = network.compute_nodes();
  HWFLOW_CHECK(nodes.size() == plan.layers.size(), "plan of another network");
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    total += static_cast<double>(network.operator_of(nodes[i], 1)->macs()) *
             plan.layers[i].weights * plan.layers[i].inputs;
  }
  return total;
}

void search_nested(StrategyLedger& ledger, const SearchOptions& options) {
  const auto passes = [](const Strategy& strategy) { return strategy.verdict->passes; };
  const auto objectives_of = [&](const Strategy& strategy) -> Objectives {
    if (!strategy.verdict->passes) return lacking(strategy.verdict->violation);
    const double harm = ledger.harm(strategy);
    if (harm >= 1.0) return lacking(harm - 1.0);
    return {harm, 1.0 - strategy.verdict->volume};
  };
  breed(ledger, options,
        [&](std::span<const std::size_t> places) -> std::optional<std::vector<Objectives>> {
          if (!ledger.price(places)) return std::nullopt;
          const auto asked = affordable(ledger, places, passes);
          std::vector<std::size_t> worthy;
          for (const std::size_t place : asked) {
            if (passes(ledger.strategies()[place])) worthy.push_back(place);
          }
          if (!ledger.measure(worthy)) return std::nullopt;
          std::vector<Objectives> values;
          for (const std::size_t place : asked)
            values.push_back(objectives_of(ledger.strategies()[place]));
          return values;
        });
}

void search_sequential(StrategyLedger& ledger, const SearchOptions& options) {
  const double most = bit_operations(ledger.network(),
                                     ledger.plans().uniform({ledger.plans().weight_bits().back(),
                                                             ledger.plans().input_bits().back()}));
  breed(ledger, options,
        [&](std::span<const std::size_t> places) -> std::optional<std::vector<Objectives>> {
          const auto asked = affordable(ledger, places, [](const Strategy&) { return true; });
          if (!ledger.measure(asked)) return std::nullopt;
          std::vector<Objectives> values;
          for (const std::size_t place : asked) {
            const Strategy& strategy = ledger.strategies()[place];
            const double harm = ledger.harm(strategy);
            values.push_back(
                harm < 1.0
                    ? Objectives{harm, bit_operations(ledger.network(), strategy.plan) / most}
                    : lacking(harm - 1.0));
          }
          return values;
        });
  if (!ledger.alive()) return;
  ledger.price(kept_plans(ledger, SearchOrder::sequential, ledger.strategies().size()));
  ledger.close_search();
}

std::vector<std::size_t> kept_plans(const StrategyLedger& ledger, SearchOrder order,
                                    std::size_t known) {
  std::vector<std::size_t> places;
  std::vector<Objectives> points;
  for (std::size_t i = 0; i < known; ++i) {
    const Strategy& strategy = ledger.strategies()[i];
    if (!strategy.accuracy || ledger.harm(strategy) >= 1.0) continue;
    if (order == SearchOrder::nested && !(strategy.verdict && strategy.verdict->passes)) continue;
    places.push_back(i);
    points.push_back({ledger.harm(strategy), bit_operations(ledger.network(), strategy.plan)});
  }
  if (order == SearchOrder::nested) return places;
  std::vector<std::size_t> front;
  for (const std::size_t i : pareto::pareto_front(points)) front.push_back(places[i]);
  return front;
}

}  // namespace hwflow::study
