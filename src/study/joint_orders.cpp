#include "study/joint_orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "base/random.hpp"
#include "pareto/nsga2.hpp"
#include "study/accuracy_predictor.hpp"
#include "study/algorithms.hpp"
#include "study/rank_correlation.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

/// Generations in a row in which nothing was measured: then nothing more will be.
constexpr int kMostIdleGenerations = 100;
/// Random plans drawn for each seed that is wanted, before the search begins with fewer.
constexpr std::size_t kMostDraws = 100;
constexpr std::uint64_t kSeedStream = 0x5eed;
constexpr std::uint64_t kDrawStream = 0xd4a3;

/// Objectives of plans that are out of the question: behind all others, by what they lack; those
/// that no design runs come last.
Objectives lacking(std::optional<double> violation) {
  const double lack = 2.0 + violation.value_or(std::numeric_limits<double>::max() / 8.0);
  return {lack, lack};
}

/// One search in either order: what plans are, how they are compared, and which are measured.
class JointSearch {
 public:
  JointSearch(StrategyLedger& ledger, const SearchOptions& options)
      : ledger_(ledger),
        options_(options),
        most_operations_(bit_operations(
            ledger.network(), ledger.plans().uniform({ledger.plans().weight_bits().back(),
                                                      ledger.plans().input_bits().back()}))) {}
  virtual ~JointSearch() = default;
  JointSearch(const JointSearch&) = delete;
  JointSearch& operator=(const JointSearch&) = delete;

  void run() {
    const std::optional<std::vector<Genome>> seeds = this->seeds();
    if (!seeds) return;
    options_.algorithm == Algorithm::random ? draw(*seeds) : breed(*seeds);
  }

 protected:
  /// Makes plans known that the order cares for; false when the ledger is not alive.
  virtual bool look_at(std::span<const std::size_t> places) = 0;
  /// Is the plan, looked at, worth measuring?
  [[nodiscard]] virtual bool is_wanted(const Strategy& strategy) const = 0;
  /// What stands beside the error.
  [[nodiscard]] virtual double cost(const Strategy& strategy) const = 0;

  [[nodiscard]] const Strategy& at(std::size_t place) const { return ledger_.strategies()[place]; }

  StrategyLedger& ledger_;
  const SearchOptions& options_;
  double most_operations_;

 private:
  void breed(const std::vector<Genome>& seeds) {
    pareto::Nsga2Options settings = breeding_options(options_);
    // The budget says when to end.
    settings.generations =
        options_.evaluations ? std::numeric_limits<int>::max() : options_.generations;
    settings.choose = [this](std::span<const Genome> brood, std::size_t count) {
      return choose(brood, count);
    };
    const auto on_generation = [this](const pareto::Generation& generation) {
      population_.clear();
      for (const std::size_t i : generation.population)
        population_.push_back(generation.archive.entries()[i].objectives);
      ledger_.close_generation(fmt::format("generation {}", generation.index), prediction());
      predicted_.clear();
    };
    const pareto::Nsga2Result outcome = pareto::run_nsga2(
        ledger_.plans().genomes(), seeds, settings,
        [this](std::span<const Genome> brood) { return evaluate(brood); }, on_generation,
        ledger_.stop_token());
    if (outcome.stopped) ledger_.stop();
  }

  /// As many plans as breeding would look at, or measure within a budget, all drawn at random.
  void draw(const std::vector<Genome>& seeds) {
    if (!evaluate(seeds)) return;
    ledger_.close_generation("seeds");
    Rng rng = Rng::derive(options_.seed, kDrawStream);
    for (int brood = 1; options_.evaluations || brood <= options_.generations; ++brood) {
      if (ledger_.evaluations_left() == 0) return;
      std::vector<Genome> drawn;
      while (drawn.size() < static_cast<std::size_t>(options_.population))
        drawn.push_back(random_genome(rng));
      const std::optional<std::vector<Objectives>> values = evaluate(drawn);
      if (!values || values->empty()) return;
      ledger_.close_generation(fmt::format("brood {}", brood));
    }
  }

  [[nodiscard]] std::vector<CompressionPlan> decoded(std::span<const Genome> genomes) const {
    std::vector<CompressionPlan> plans;
    for (const Genome& genome : genomes) plans.push_back(ledger_.plans().decode(genome));
    return plans;
  }

  [[nodiscard]] Objectives objectives(const Strategy& strategy, double harm) const {
    if (!is_wanted(strategy)) return lacking(strategy.verdict->violation);
    if (harm >= 1.0) return lacking(harm - 1.0);
    return {harm, cost(strategy)};
  }

  [[nodiscard]] Genome random_genome(Rng& rng) const {
    Genome genome;
    for (const int largest : ledger_.plans().genomes().largest)
      genome.push_back(static_cast<int>(rng.between(0, largest)));
    return genome;
  }

  /// The uniform plans, then plans drawn at random, of which those count that are wanted: as many
  /// as the population. None when the ledger is not alive.
  [[nodiscard]] std::optional<std::vector<Genome>> seeds() {
    std::set<Genome> known;
    std::vector<Genome> seeds;
    for (const CompressionPlan& plan : uniform_plans(ledger_.study(), ledger_.plans())) {
      std::optional<Genome> genome = ledger_.plans().encode(plan);
      if (genome && known.insert(*genome).second) seeds.push_back(std::move(*genome));
    }
    const auto wanted = static_cast<std::size_t>(options_.population);
    std::size_t found = 0;
    const std::vector<std::size_t> uniform = ledger_.enter(decoded(seeds));
    if (!look_at(uniform)) return std::nullopt;
    for (const std::size_t place : uniform) found += is_wanted(at(place)) ? 1 : 0;

    Rng rng = Rng::derive(options_.seed, kSeedStream);
    for (std::size_t draws = 0; found < wanted && draws < kMostDraws * wanted;) {
      std::vector<Genome> drawn;
      while (drawn.size() < wanted - found) drawn.push_back(random_genome(rng));
      draws += drawn.size();
      const std::vector<std::size_t> places = ledger_.enter(decoded(drawn));
      if (!look_at(places)) return std::nullopt;
      for (std::size_t i = 0; i < drawn.size(); ++i) {
        if (!is_wanted(at(places[i])) || !known.insert(drawn[i]).second) continue;
        seeds.push_back(std::move(drawn[i]));
        ++found;
      }
    }
    return seeds;
  }

  /// Of offspring bred in excess those that are wanted, the most promising first; when they do not
  /// suffice, others by what they lack.
  [[nodiscard]] std::optional<std::vector<std::size_t>> choose(std::span<const Genome> brood,
                                                               std::size_t count) {
    const std::vector<std::size_t> places = ledger_.enter(decoded(brood));
    if (!look_at(places)) return std::nullopt;
    std::vector<std::size_t> good, rest;
    for (std::size_t i = 0; i < places.size(); ++i)
      (is_wanted(at(places[i])) ? good : rest).push_back(i);
    good = most_promising(places, good);
    std::stable_sort(rest.begin(), rest.end(), [&](std::size_t a, std::size_t b) {
      return lacking(at(places[a]).verdict->violation) < lacking(at(places[b]).verdict->violation);
    });
    good.insert(good.end(), rest.begin(), rest.end());
    good.resize(std::min(good.size(), count));
    return good;
  }

  /// As NSGA-II sorts them, among the population, by what is predicted of them.
  [[nodiscard]] std::vector<std::size_t> most_promising(const std::vector<std::size_t>& places,
                                                        const std::vector<std::size_t>& good) {
    std::vector<MeasuredPlan> measured;
    for (const Strategy& strategy : ledger_.strategies()) {
      if (strategy.accuracy) measured.push_back({strategy.plan, *strategy.accuracy});
    }
    const AccuracyPredictor predictor(ledger_.plans(), measured);
    std::vector<Objectives> points = population_;
    for (const std::size_t i : good) {
      const Strategy& strategy = at(places[i]);
      const double harm = predictor.harm(strategy.plan) / (1.0 - ledger_.least_accuracy());
      if (!strategy.accuracy) predicted_.emplace(places[i], harm);
      points.push_back(objectives(strategy, std::max(0.0, harm)));
    }
    std::vector<std::size_t> order;
    for (const std::size_t i : pareto::select_best(points, points.size())) {
      if (i >= population_.size()) order.push_back(good[i - population_.size()]);
    }
    return order;
  }

  /// Rank correlation of what was predicted and what was measured since.
  [[nodiscard]] std::optional<double> prediction() const {
    std::vector<double> before, after;
    for (const auto& [place, harm] : predicted_) {
      if (!at(place).accuracy) continue;
      before.push_back(harm);
      after.push_back(ledger_.harm(at(place)));
    }
    return rank_correlation(before, after);
  }

  [[nodiscard]] std::optional<std::vector<Objectives>> evaluate(std::span<const Genome> brood) {
    const std::int64_t before = ledger_.evaluations();
    const std::vector<std::size_t> places = ledger_.enter(decoded(brood));
    if (!look_at(places)) return std::nullopt;
    const std::span<const std::size_t> asked = affordable(places);
    std::vector<std::size_t> worthy;
    for (const std::size_t place : asked) {
      if (is_wanted(at(place))) worthy.push_back(place);
    }
    if (!ledger_.measure(worthy)) return std::nullopt;
    std::vector<Objectives> values;
    for (const std::size_t place : asked) {
      const Strategy& strategy = at(place);
      values.push_back(objectives(strategy, is_wanted(strategy) ? ledger_.harm(strategy) : 0.0));
    }
    idle_ = ledger_.evaluations() > before ? 0 : idle_ + 1;
    // Without a budget the number of generations ends the search.
    if (options_.evaluations && idle_ > kMostIdleGenerations) values.clear();
    return values;
  }

  /// The first of `places` of which no more are to be measured than the budget allows.
  [[nodiscard]] std::span<const std::size_t> affordable(std::span<const std::size_t> places) const {
    std::int64_t left = ledger_.evaluations_left();
    std::size_t count = 0;
    for (const std::size_t place : places) {
      if (!at(place).accuracy && is_wanted(at(place)) && left-- == 0) break;
      ++count;
    }
    return places.first(count);
  }

  std::vector<Objectives> population_;
  std::map<std::size_t, double> predicted_;  ///< of this brood's new plans
  int idle_ = 0;
};

/// Error, and how little of the box of costs the designs of a plan dominate.
class NestedSearch final : public JointSearch {
 public:
  using JointSearch::JointSearch;

 private:
  bool look_at(std::span<const std::size_t> places) override { return ledger_.price(places); }
  bool is_wanted(const Strategy& strategy) const override { return strategy.verdict->passes; }
  double cost(const Strategy& strategy) const override { return 1.0 - strategy.verdict->volume; }
};

/// Error and bit operations.
class SequentialSearch final : public JointSearch {
 public:
  using JointSearch::JointSearch;

 private:
  bool look_at(std::span<const std::size_t> /*places*/) override { return ledger_.alive(); }
  bool is_wanted(const Strategy& /*strategy*/) const override { return true; }
  double cost(const Strategy& strategy) const override {
    return bit_operations(ledger_.network(), strategy.plan) / most_operations_;
  }
};

}  // namespace

double bit_operations(const Network& network, const CompressionPlan& plan) {
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
  NestedSearch(ledger, options).run();
}

void search_sequential(StrategyLedger& ledger, const SearchOptions& options) {
  SequentialSearch(ledger, options).run();
  if (!ledger.alive()) return;
  const SearchOrder order = ledger.study().hardware.search->order;
  ledger.price(kept_plans(ledger, order, ledger.strategies().size()));
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
  if (order != SearchOrder::sequential) return places;
  std::vector<std::size_t> front;
  for (const std::size_t i : pareto::pareto_front(points)) front.push_back(places[i]);
  return front;
}

}  // namespace hwflow::study
