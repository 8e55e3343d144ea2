#include "pareto/nsga2.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::pareto {
namespace {

// Why not pagmo::nsga2 itself: it evaluates duplicates, needs a start population of exactly its
// size, and draws its own numbers between generations. Its building blocks leave us these choices.

class Search {
 public:
  Search(const GenomeSpace& space, const Nsga2Options& options, const EvaluateBrood& evaluate)
      : space_(space),
        options_(options),
        evaluate_(evaluate),
        rng_(Rng::derive(options.seed, 0)),
        breeder_(space, options.breeding, options.seed) {}

  bool seed(std::span<const Genome> seeds) {
    std::vector<Genome> brood;
    std::set<Genome> known;
    for (const Genome& genome : seeds) {
      check(genome);
      if (known.insert(genome).second) brood.push_back(genome);
    }
    const auto wanted = static_cast<std::size_t>(options_.population);
    for (int tries = 0; brood.size() < wanted && tries < kTriesForNewGenome * options_.population;
         ++tries) {
      Genome genome = random_genome();
      if (known.insert(genome).second) brood.push_back(std::move(genome));
    }
    return admit(brood, 0);
  }

  /// One generation; false when stopped or when nothing new was bred.
  bool advance(int generation) {
    std::vector<Genome> brood = breed();
    if (options_.oversample > 1 && !brood.empty()) brood = chosen(brood);
    return !brood.empty() && admit(brood, generation);
  }

  [[nodiscard]] const Archive& archive() const { return archive_; }
  [[nodiscard]] const std::vector<std::size_t>& population() const { return population_; }
  [[nodiscard]] bool stopped() const { return stopped_; }
  /// May nothing more be evaluated?
  [[nodiscard]] bool spent() const { return spent_; }
  Nsga2Result finish(int generations) && {
    return {std::move(archive_), std::move(population_), generations, stopped_};
  }

 private:
  void check(const Genome& genome) const {
    HWFLOW_CHECK(genome.size() == space_.largest.size(), "genome of another length");
    for (std::size_t i = 0; i < genome.size(); ++i) {
      HWFLOW_CHECK(genome[i] >= 0 && genome[i] <= space_.largest[i], "gene out of range");
    }
  }

  Genome random_genome() {
    Genome genome;
    for (const int largest : space_.largest) {
      genome.push_back(static_cast<int>(rng_.between(0, largest)));
    }
    return genome;
  }

  /// Evaluates a brood, then keeps the best of parents and brood.
  bool admit(const std::vector<Genome>& brood, int generation) {
    std::optional<std::vector<Objectives>> values = evaluate_(brood);
    if (!values) {
      stopped_ = true;
      return false;
    }
    HWFLOW_CHECK(values->size() <= brood.size(), "more results than genomes");
    spent_ = values->size() < brood.size();
    if (values->empty()) return false;
    std::vector<std::size_t> pool = population_;
    for (std::size_t i = 0; i < values->size(); ++i) {
      pool.push_back(archive_.add({brood[i], std::move((*values)[i]), generation}));
    }
    std::vector<Objectives> points;
    for (const std::size_t i : pool) points.push_back(archive_.entries()[i].objectives);
    population_.clear();
    for (const std::size_t i : select_best(points, static_cast<std::size_t>(options_.population))) {
      population_.push_back(pool[i]);
    }
    return true;
  }

  /// The part of a brood that is worth evaluating; empty when stopped.
  std::vector<Genome> chosen(const std::vector<Genome>& brood) {
    const auto wanted = static_cast<std::size_t>(options_.population);
    const std::optional<std::vector<std::size_t>> choice = options_.choose(brood, wanted);
    if (!choice) {
      stopped_ = true;
      return {};
    }
    HWFLOW_CHECK(choice->size() == std::min(wanted, brood.size()), "chose too many or too few");
    std::vector<Genome> best;
    std::set<std::size_t> taken;
    for (const std::size_t i : *choice) {
      HWFLOW_CHECK(i < brood.size() && taken.insert(i).second, "chose a genome that is not there");
      best.push_back(brood[i]);
    }
    return best;
  }

  /// The better by rank, then by crowding distance, then by chance.
  std::size_t tournament(std::size_t a, std::size_t b) {
    if (rank_[a] != rank_[b]) return rank_[a] < rank_[b] ? a : b;
    if (crowding_[a] != crowding_[b]) return crowding_[a] > crowding_[b] ? a : b;
    return rng_.below(2) == 0 ? a : b;
  }

  void rate_population() {
    std::vector<Objectives> points;
    for (const std::size_t i : population_) points.push_back(archive_.entries()[i].objectives);
    const Sorting sorting = non_dominated_sort(points);
    rank_ = sorting.rank;
    crowding_.assign(points.size(), 0.0);
    for (const std::vector<std::size_t>& front : sorting.fronts) {
      std::vector<Objectives> values;
      for (const std::size_t i : front) values.push_back(points[i]);
      const std::vector<double> distance = crowding_distance(values);
      for (std::size_t i = 0; i < front.size(); ++i) crowding_[front[i]] = distance[i];
    }
  }

  std::vector<std::size_t> shuffled() {
    std::vector<std::size_t> order(population_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng_.below(i)]);
    return order;
  }

  /// Every parent meets two others, as in the original: two shuffles cut into groups of four, each
  /// group giving two tournaments and two children.
  std::vector<Genome> breed() {
    rate_population();
    std::vector<Genome> brood;
    std::set<Genome> known;
    for (int round = 0; round < 2 * options_.oversample; ++round) {
      const std::vector<std::size_t> order = shuffled();
      for (std::size_t i = 0; i + 3 < order.size(); i += 4) {
        const std::size_t mother = tournament(order[i], order[i + 1]);
        const std::size_t father = tournament(order[i + 2], order[i + 3]);
        auto [first, second] = breeder_.cross(genome_of(mother), genome_of(father));
        if (make_new(first, known)) brood.push_back(std::move(first));
        if (make_new(second, known)) brood.push_back(std::move(second));
      }
    }
    return brood;
  }

  [[nodiscard]] const Genome& genome_of(std::size_t member) const {
    return archive_.entries()[population_[member]].genome;
  }

  /// Mutates `child` at least once, and until it is new; false when it never is.
  bool make_new(Genome& child, std::set<Genome>& known) {
    for (int tries = 0; tries < kTriesForNewGenome; ++tries) {
      breeder_.mutate(child);
      if (!archive_.find(child) && known.insert(child).second) return true;
    }
    return false;
  }

  const GenomeSpace& space_;
  const Nsga2Options& options_;
  const EvaluateBrood& evaluate_;
  Rng rng_;
  Breeder breeder_;
  Archive archive_;
  std::vector<std::size_t> population_;  // into archive_
  std::vector<std::size_t> rank_;        // as population_
  std::vector<double> crowding_;
  bool stopped_ = false, spent_ = false;
};

}  // namespace

Diagnostics validate(const Nsga2Options& options) {
  Diagnostics problems;
  if (options.population < 8 || options.population % 4 != 0) {
    const int nearest = std::max(8, (options.population + 3) / 4 * 4);
    problems.push_back(
        {"population",
         fmt::format("must be a multiple of 4, at least 8, got {}", options.population),
         fmt::format("for example {}", nearest)});
  }
  if (options.generations < 0) {
    problems.push_back(
        {"generations", fmt::format("must be >= 0, got {}", options.generations), ""});
  }
  if (options.oversample < 1) {
    problems.push_back({"oversample", fmt::format("must be >= 1, got {}", options.oversample), ""});
  } else if (options.oversample > 1 && !options.choose) {
    problems.push_back({"oversample", "is above 1, but nothing chooses among the offspring", ""});
  }
  const auto check_share = [&](const char* place, double value) {
    if (!(value >= 0.0 && value <= 1.0)) {
      problems.push_back({place, fmt::format("must be between 0 and 1, got {}", value), ""});
    }
  };
  check_share("crossover_probability", options.breeding.crossover_probability);
  if (options.breeding.mutation_probability) {
    check_share("mutation_probability", *options.breeding.mutation_probability);
  }
  return problems;
}

Nsga2Result run_nsga2(const GenomeSpace& space, std::span<const Genome> seeds,
                      const Nsga2Options& options, const EvaluateBrood& evaluate,
                      const std::function<void(const Generation&)>& on_generation,
                      const std::stop_token& stop) {
  HWFLOW_CHECK(validate(options).empty(), to_text(validate(options)));
  Search search(space, options, evaluate);
  int generation = 0;
  bool alive = search.seed(seeds);
  if (alive && on_generation) on_generation({0, search.archive(), search.population()});
  while (alive && !search.spent() && generation < options.generations && !stop.stop_requested()) {
    alive = search.advance(generation + 1);
    if (!alive) break;
    ++generation;
    if (on_generation) on_generation({generation, search.archive(), search.population()});
  }
  const bool done = generation >= options.generations || search.spent();
  Nsga2Result result = std::move(search).finish(generation);
  result.stopped = result.stopped || (!done && stop.stop_requested());
  return result;
}

}  // namespace hwflow::pareto
