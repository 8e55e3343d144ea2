#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

#include "base/random.hpp"
#include "study/algorithms.hpp"
#include "study/search_seeds.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

// What search images cannot tell from no harm, and no division by 0.
constexpr double kLeastHarm = 1e-3, kLeastGain = 1e-9;
constexpr std::ptrdiff_t kLooks = 2;         // genes that are tried out before a step
constexpr std::size_t kIdleWeightings = 20;  // in a row that bring nothing new: the paths are known

/// What narrowing a gene by one value did when it was last measured, as shares of the widest plan.
struct Effect {
  double harm = 0.0;
  std::vector<double> gains;  ///< by cost
};

/// Greedy narrowing of widths by measured sensitivity: from the widest plan, each step narrows the
/// gene of least harm for the weighted gain. The genes that look best are tried out first, so that
/// what is known of them is of the plan at hand and not of the widest one. One path for every
/// weighting of the costs: all alike, each by itself, then at random; when these bring nothing new,
/// the neighbours of the front.
/// Source  the idea of Dong et al., "HAWQ-V2", NeurIPS 2020; there by a second derivative, and each
///         gene once.
class GreedySearch {
 public:
  GreedySearch(SearchLedger& ledger, const SearchOptions& options)
      : ledger_(ledger),
        options_(options),
        space_(ledger.space().genomes()),
        rng_(Rng::derive(options.seed, 4)) {}

  void run() {
    const std::optional<Sensitivities> found = measure_steps(ledger_, options_);
    ledger_.close_generation("single steps");
    closed_ = ledger_.evaluations();
    if (!found || !ledger_.alive()) return;
    widest_ = found->widest;
    read_effects(*found);
    ledger_.limit_evaluations(default_budget(options_, ledger_.evaluations()));
    const std::size_t costs = widest_.size() - 1;
    const std::size_t planned = costs == 1 ? 1 : costs + 1;
    for (std::size_t path = 0, idle = 0; left() > 0 && idle < kIdleWeightings; ++path) {
      const std::int64_t before = ledger_.evaluations();
      const std::size_t paths_left = path < planned ? planned - path : 1;
      if (!follow(weighting(path, costs), stride(paths_left))) return;
      idle = ledger_.evaluations() == before ? idle + 1 : 0;
    }
    while (left() > 0 && look_around()) {
    }
    close("greedy paths");
  }

 private:
  [[nodiscard]] std::int64_t left() const { return ledger_.evaluations_left(); }

  /// Every plan of the front with one width one value wider or narrower; false when all of them are
  /// known, or the run has ended.
  bool look_around() {
    const std::int64_t before = ledger_.evaluations();
    std::vector<Genome> neighbours;
    for (const CompressionPlan& plan : ledger_.front()) {
      const std::optional<Genome> genome = ledger_.space().encode(plan);
      for (std::size_t gene = 0; genome && gene < genome->size(); ++gene) {
        for (const int step : {-1, 1}) {
          const int value = (*genome)[gene] + step;
          if (value < 0 || value > space_.largest[gene]) continue;
          neighbours.push_back(*genome);
          neighbours.back()[gene] = value;
        }
      }
    }
    return measure(neighbours) && ledger_.evaluations() > before;
  }

  /// Effects of single steps are against the widest plan; here against the next wider value.
  void read_effects(const Sensitivities& found) {
    std::size_t next = 0;
    for (const int largest : space_.largest) {
      std::vector<Effect> effects(static_cast<std::size_t>(largest) + 1);
      for (int value = 1; value <= largest; ++value) {
        const std::size_t narrower = next + static_cast<std::size_t>(value) - 1;
        const Objectives& wider = value == largest ? widest_ : found.steps[narrower + 1];
        effects[static_cast<std::size_t>(value)] = effect_of(wider, found.steps[narrower]);
      }
      next += static_cast<std::size_t>(largest);
      effects_.push_back(std::move(effects));
    }
  }

  [[nodiscard]] Effect effect_of(const Objectives& before, const Objectives& after) const {
    Effect effect{after[0] - before[0], {}};
    for (std::size_t k = 1; k < before.size(); ++k) {
      effect.gains.push_back((before[k] - after[k]) / std::max(kLeastGain, widest_[k]));
    }
    return effect;
  }

  [[nodiscard]] std::vector<double> weighting(std::size_t path, std::size_t costs) {
    std::vector<double> weights(costs, 1.0);
    if (path == 0 || costs == 1) return weights;
    if (path <= costs) {
      weights.assign(costs, 0.0);
      weights[path - 1] = 1.0;
      return weights;
    }
    for (double& weight : weights) weight = -std::log(1.0 - rng_.uniform());  // on the simplex
    return weights;
  }

  /// Values that one step narrows, so that so many paths fit into what is left.
  [[nodiscard]] int stride(std::size_t paths) const {
    double values = 0.0;
    for (const int largest : space_.largest) values += largest;
    values *= static_cast<double>(paths) / static_cast<double>(left());
    // A step of one value has been tried out already; where a longer one leads must be measured.
    if (values * static_cast<double>(kLooks) <= 1.0) return 1;
    return static_cast<int>(std::ceil(values * static_cast<double>(kLooks + 1)));
  }

  [[nodiscard]] double price(std::size_t gene, int value,
                             const std::vector<double>& weights) const {
    const Effect& effect = effects_[gene][static_cast<std::size_t>(value)];
    double gain = 0.0;
    for (std::size_t k = 0; k < weights.size(); ++k) gain += weights[k] * effect.gains[k];
    return std::max(kLeastHarm, effect.harm) / std::max(kLeastGain, gain);
  }

  /// Genes that can be narrowed, the least price first.
  [[nodiscard]] std::vector<std::size_t> ordered(const Genome& genome,
                                                 const std::vector<double>& weights) const {
    std::vector<std::size_t> genes;
    for (std::size_t gene = 0; gene < genome.size(); ++gene) {
      if (genome[gene] > 0) genes.push_back(gene);
    }
    std::stable_sort(genes.begin(), genes.end(), [&](std::size_t a, std::size_t b) {
      return price(a, genome[a], weights) < price(b, genome[b], weights);
    });
    return genes;
  }

  /// Measures the best looking steps from here; false when the budget is spent.
  bool try_out(const Genome& genome, const Objectives& here, const std::vector<double>& weights) {
    std::vector<std::size_t> genes = ordered(genome, weights);
    if (std::ssize(genes) > kLooks) genes.erase(genes.begin() + kLooks, genes.end());
    std::vector<Genome> brood;
    for (const std::size_t gene : genes) {
      brood.push_back(genome);
      --brood.back()[gene];
    }
    const auto values = measure(brood);
    if (!values) return false;
    for (std::size_t i = 0; i < genes.size(); ++i) {
      effects_[genes[i]][static_cast<std::size_t>(genome[genes[i]])] =
          effect_of(here, harm_first(options_.objectives, (*values)[i]));
    }
    return true;
  }

  /// None when not all could be measured.
  std::optional<std::vector<Objectives>> measure(const std::vector<Genome>& genomes) {
    auto values = ledger_.measure(genomes, Origin::greedy);
    if (!values) return std::nullopt;
    if (ledger_.evaluations() - closed_ >= options_.population) close("greedy paths");
    if (values->size() < genomes.size()) return std::nullopt;
    return values;
  }

  void close(const std::string& label) {
    if (ledger_.evaluations() > closed_) ledger_.close_generation(label);
    closed_ = ledger_.evaluations();
  }

  /// One path down; false when the run has ended.
  bool follow(const std::vector<double>& weights, int stride) {
    Genome genome = space_.largest;
    Objectives here = widest_;
    while (!ordered(genome, weights).empty()) {
      if (!try_out(genome, here, weights)) break;
      for (int i = 0; i < stride; ++i) {
        const std::vector<std::size_t> genes = ordered(genome, weights);
        if (!genes.empty()) --genome[genes.front()];
      }
      const auto value = measure({genome});
      if (!value) break;
      here = harm_first(options_.objectives, value->front());
    }
    return ledger_.alive();
  }

  SearchLedger& ledger_;
  const SearchOptions& options_;
  const pareto::GenomeSpace& space_;
  Rng rng_;
  Objectives widest_;                         // harm first
  std::vector<std::vector<Effect>> effects_;  // by gene and the value that is left
  std::int64_t closed_ = 0;                   // evaluations at the last closed generation
};

}  // namespace

void run_greedy(SearchLedger& ledger, const SearchOptions& options) {
  GreedySearch(ledger, options).run();
}

}  // namespace hwflow::study
