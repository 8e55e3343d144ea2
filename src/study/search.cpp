#include "study/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/check.hpp"
#include "pareto/hypervolume.hpp"
#include "pareto/nsga2.hpp"
#include "study/plan_evaluator.hpp"
#include "study/plan_space.hpp"
#include "study/sensitivity.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

/// One search; the steps are those of search_plans().
class Search {
 public:
  Search(const Study& study, HardwareModel& hardware, train::AccuracyModel& accuracy,
         RunStore& store, const SearchSetting& setting)
      : study_(study),
        setting_(setting),
        space_(study.search, hardware.network()),
        evaluator_(hardware, accuracy, store, setting.threads, setting.progress, setting.stop) {
    if (setting.only_known) evaluator_.use_only_the_store();
  }

  Expected<SearchResult> run() && {
    const std::vector<Genome> seeds = make_seeds();
    if (alive()) evolve(seeds);
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    finish();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool alive() const { return problems_.empty() && !result_.stopped; }

  [[nodiscard]] std::int64_t expected_total(std::size_t seeds) const {
    const auto population = static_cast<std::size_t>(study_.search.population);
    return static_cast<std::int64_t>(std::max(seeds, population)) +
           static_cast<std::int64_t>(study_.search.population) * study_.search.generations;
  }

  /// Measures what is not known yet; false when stopped or when a layer cannot be mapped.
  bool measure(std::span<const Genome> genomes, Origin origin) {
    std::vector<Genome> fresh;
    std::vector<PrecisionPlan> plans;
    std::set<Genome> listed;
    for (const Genome& genome : genomes) {
      if (measured_.contains(genome) || !listed.insert(genome).second) continue;
      fresh.push_back(genome);
      plans.push_back(space_.decode(genome));
    }
    auto values = evaluator_.measure(plans);
    if (!values) {
      problems_ = std::move(values).error();
      return false;
    }
    if (!*values) {
      result_.stopped = true;
      return false;
    }
    for (std::size_t i = 0; i < fresh.size(); ++i) {
      measured_.emplace(fresh[i], Known{(**values)[i], origin});
    }
    return true;
  }

  [[nodiscard]] Objectives objectives_of(const Genome& genome) const {
    const Known& known = measured_.at(genome);
    Objectives values;
    for (const Objective objective : study_.search.objectives) {
      values.push_back(objective_value(objective, known.value.accuracy, known.value.hardware));
    }
    return values;
  }

  /// What the search is going to evaluate, for the progress line.
  [[nodiscard]] std::string seeds_text(std::size_t uniform, std::size_t steps,
                                       std::size_t path) const {
    std::string text = fmt::format("seeds: {} uniform", uniform);
    if (steps > 0) {
      text += fmt::format(", {} that narrow one layer, at most {} that narrow more", steps, path);
    }
    return text + fmt::format("; then {} generations of {}", study_.search.generations,
                              study_.search.population);
  }

  std::vector<Genome> make_seeds() {
    std::vector<WidthPair> pairs =
        study_.baselines.empty() ? space_.width_pairs() : study_.baselines;
    pairs.insert(pairs.end(), study_.finish.baselines.begin(), study_.finish.baselines.end());
    pairs.insert(pairs.begin(), {space_.weight_bits().back(), space_.input_bits().back()});
    for (const WidthPair& pair : pairs) uniform_.push_back(space_.uniform(pair));
    std::vector<Genome> seeds = uniform_;
    std::vector<Genome> steps;
    if (study_.search.sensitivity_seeds) steps = single_steps(space_.genomes());
    const std::size_t path =
        steps.empty() ? 0 : static_cast<std::size_t>(study_.search.population) / 2;
    const std::size_t uniform = std::set<Genome>(uniform_.begin(), uniform_.end()).size();
    evaluator_.set_total(expected_total(uniform + steps.size() + path));
    evaluator_.set_note(seeds_text(uniform, steps.size(), path));
    if (!measure(uniform_, Origin::uniform) || !measure(steps, Origin::single_step)) return {};
    set_normalisers();
    if (steps.empty()) return seeds;
    const std::vector<Genome> greedy = make_greedy(steps, path);
    if (!measure(greedy, Origin::greedy)) return {};
    seeds.insert(seeds.end(), steps.begin(), steps.end());
    seeds.insert(seeds.end(), greedy.begin(), greedy.end());
    return seeds;
  }

  /// Objectives with accuracy first, as greedy_path() wants them.
  [[nodiscard]] Objectives harm_then_costs(const Genome& genome) const {
    const Objectives values = objectives_of(genome);
    Objectives ordered{1.0 - measured_.at(genome).value.accuracy.top1()};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (study_.search.objectives[i] != Objective::accuracy) ordered.push_back(values[i]);
    }
    return ordered;
  }

  [[nodiscard]] std::vector<Genome> make_greedy(const std::vector<Genome>& steps,
                                                std::size_t count) const {
    std::vector<Objectives> values;
    for (const Genome& step : steps) values.push_back(harm_then_costs(step));
    return greedy_path(space_.genomes(), harm_then_costs(space_.genomes().largest), values, count);
  }

  void set_normalisers() {
    const Objectives widest = objectives_of(space_.genomes().largest);
    for (std::size_t i = 0; i < widest.size(); ++i) {
      const bool accuracy = study_.search.objectives[i] == Objective::accuracy;
      result_.normalisers.push_back(accuracy || widest[i] <= 0.0 ? 1.0 : widest[i]);
      result_.hypervolume_reference.push_back(1.0);
    }
  }

  void evolve(const std::vector<Genome>& seeds) {
    pareto::Nsga2Options options;
    options.population = study_.search.population;
    options.generations = study_.search.generations;
    options.crossover_probability = study_.search.crossover_probability;
    options.mutation_probability = study_.search.mutation_probability;
    options.seed = study_.search.seed;
    bool seeding = true;
    const auto evaluate =
        [&](std::span<const Genome> brood) -> std::optional<std::vector<Objectives>> {
      const Origin origin = seeding ? Origin::random : Origin::offspring;
      seeding = false;
      if (!measure(brood, origin)) return std::nullopt;
      std::vector<Objectives> values;
      for (const Genome& genome : brood) values.push_back(objectives_of(genome));
      return values;
    };
    pareto::Nsga2Result outcome = pareto::run_nsga2(
        space_.genomes(), seeds, options, evaluate,
        [&](const pareto::Generation& generation) { summarise(generation); }, setting_.stop);
    archive_ = std::move(outcome.archive);
    result_.stopped = result_.stopped || outcome.stopped;
  }

  void summarise(const pareto::Generation& generation) {
    std::vector<Objectives> front;
    for (const std::size_t i : generation.archive.front()) {
      front.push_back(generation.archive.entries()[i].objectives);
      for (std::size_t k = 0; k < front.back().size(); ++k) {
        front.back()[k] /= result_.normalisers[k];
      }
    }
    const double volume = pareto::hypervolume(front, result_.hypervolume_reference);
    result_.generations.push_back({generation.index,
                                   static_cast<std::int64_t>(generation.archive.size()),
                                   static_cast<std::int64_t>(front.size()), volume});
    evaluator_.set_note(fmt::format("generation {} of {}, front {}, hypervolume {:.4f}",
                                    generation.index, study_.search.generations, front.size(),
                                    volume));
  }

  void finish() {
    for (const pareto::Evaluated& entry : archive_.entries()) {
      const Known& known = measured_.at(entry.genome);
      result_.evaluated.push_back({space_.decode(entry.genome), entry.generation, known.origin,
                                   known.value.accuracy, std::nullopt, known.value.hardware,
                                   entry.objectives, false});
    }
    result_.front = archive_.front();
    for (const std::size_t i : result_.front) result_.evaluated[i].on_front = true;
    std::stable_sort(result_.front.begin(), result_.front.end(), [&](std::size_t a, std::size_t b) {
      return result_.evaluated[a].objectives < result_.evaluated[b].objectives;
    });
    for (const Genome& genome : uniform_) {
      const std::optional<std::size_t> i = archive_.find(genome);
      if (i && std::count(result_.baselines.begin(), result_.baselines.end(), *i) == 0) {
        result_.baselines.push_back(*i);
      }
    }
    result_.accuracy_cache_hits = evaluator_.cache_hits();
    result_.mapping_seconds = evaluator_.mapping_seconds();
  }

  struct Known {
    PlanEvaluator::Measured value;
    Origin origin;
  };

  const Study& study_;
  const SearchSetting& setting_;
  PlanSpace space_;
  PlanEvaluator evaluator_;
  std::map<Genome, Known> measured_;
  std::vector<Genome> uniform_;
  pareto::Archive archive_;
  SearchResult result_;
  Diagnostics problems_;
};

}  // namespace

double objective_value(Objective objective, const train::AccuracyEstimate& accuracy,
                       const HardwareCost& hardware) {
  switch (objective) {
    case Objective::accuracy: return 1.0 - accuracy.top1();
    case Objective::energy: return hardware.energy_pj;
    case Objective::latency: return static_cast<double>(hardware.cycles);
    case Objective::dram: return static_cast<double>(hardware.dram_bits);
    case Objective::model_size: return static_cast<double>(hardware.model_bits);
  }
  HWFLOW_CHECK(false, "unknown objective");
  return 0.0;
}

Expected<SearchResult> search_plans(const Study& study, HardwareModel& hardware,
                                    train::AccuracyModel& accuracy, RunStore& store,
                                    const SearchSetting& setting) {
  return Search(study, hardware, accuracy, store, setting).run();
}

}  // namespace hwflow::study
