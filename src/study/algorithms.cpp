#include "study/algorithms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/check.hpp"
#include "study/agent_search.hpp"
#include "study/plan_prices.hpp"
#include "study/search_seeds.hpp"

namespace hwflow::study {
namespace {

std::int64_t population_of(const LevelOptions& level, const SearchOptions& options) {
  return level.population.value_or(options.population);
}

std::int64_t bred(const SearchOptions& options) {
  std::int64_t count = 0;
  for (const LevelOptions& level : levels_of(options)) {
    count += population_of(level, options) * level.generations;
  }
  return count;
}

/// Plans that a generation of a level measures: one of every agent is an episode.
std::int64_t plans_per_generation(const LevelOptions& level, const SearchOptions& options) {
  if (options.algorithm != Algorithm::agent) return population_of(level, options);
  const auto budgets = std::ssize(options.budgets);
  return budgets > 0 ? budgets : kSpreadBudgets;
}

std::int64_t count_uniform(const Study& study, const PlanSpace& space) {
  std::set<std::string> uniform;
  for (const CompressionPlan& plan : uniform_plans(study, space)) uniform.insert(to_text(plan));
  return static_cast<std::int64_t>(uniform.size());
}

/// ", 16 that narrow one layer, at most 4 that narrow more", or nothing.
std::string seeds_text(const SeedCounts& counts) {
  if (counts.steps == 0) return {};
  return fmt::format(", {} that narrow one layer, at most {} that narrow more", counts.steps,
                     counts.path);
}

/// Shares of all channels that run_magnitude() keeps, in steps of this.
constexpr int kScoreSteps = 20;

/// Shares of channels that a pair of widths is measured with.
std::int64_t shares_of(const SearchOptions& options) {
  if (!options.channels) return 1;
  if (options.algorithm == Algorithm::magnitude) return kScoreSteps;
  std::set shares(options.channels->shares.begin(), options.channels->shares.end());
  shares.insert(1.0);
  return std::ssize(shares);
}

/// Of every group, as CompressionPlan::channels.
using Counts = std::vector<std::int32_t>;

/// Every pair of widths with all channels, then with each of these counts, which are from `origin`.
void measure_all_pairs(SearchLedger& ledger, const std::vector<Counts>& kept, Origin origin,
                       const std::string& label) {
  const PlanSpace& space = ledger.space();
  std::vector<CompressionPlan> whole, shrunk;
  for (const WidthPair& pair : space.width_pairs()) {
    whole.push_back(space.uniform(pair));
    for (const Counts& counts : kept) shrunk.push_back(space.with_channels(whole.back(), counts));
  }
  if (!ledger.measure(whole, Origin::uniform) || !ledger.measure(shrunk, origin)) return;
  ledger.close_generation(label);
}

std::string plan_text(const SearchOptions& options) {
  switch (options.algorithm) {
    case Algorithm::nsga2: break;
    case Algorithm::uniform:
    case Algorithm::magnitude: return {};
    default: return fmt::format("; then {}", name(options.algorithm));
  }
  if (options.levels.empty()) {
    return fmt::format("; then {} generations of {}", options.generations, options.population);
  }
  std::string text;
  for (const LevelOptions& level : options.levels) {
    text += fmt::format("{}{} {}", text.empty() ? "; then " : ", ", level.generations,
                        name(level.model));
  }
  return text + " generations";
}

}  // namespace

RunAlgorithm make_algorithm(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::nsga2: return &run_nsga2;
    case Algorithm::evolution: return &run_evolution;
    case Algorithm::random: return &run_random;
    case Algorithm::greedy: return &run_greedy;
    case Algorithm::uniform: return &run_uniform;
    case Algorithm::magnitude: return &run_magnitude;
    case Algorithm::agent:
      return [agents = std::make_shared<Agents>()](SearchLedger& ledger,
                                                   const SearchOptions& options) {
        run_agent(ledger, options, *agents);
      };
  }
  HWFLOW_CHECK(false, "unknown algorithm");
  return nullptr;
}

std::int64_t default_budget(const SearchOptions& options, std::int64_t seeds) {
  return std::max<std::int64_t>(seeds, options.population) + bred(options);
}

pareto::Nsga2Options breeding_options(const SearchOptions& options) {
  pareto::Nsga2Options result;
  result.population = options.population;
  result.breeding = {options.crossover, options.mutation, options.crossover_probability,
                     options.mutation_probability};
  result.seed = options.seed;
  result.oversample = options.surrogate.oversample;
  return result;
}

Outlook outlook_of(const Study& study, const PlanSpace& space) {
  const std::int64_t uniform = count_uniform(study, space);
  const Algorithm algorithm = study.search.algorithm;
  const bool is_uniform = algorithm == Algorithm::uniform || algorithm == Algorithm::magnitude;
  const bool is_agent = algorithm == Algorithm::agent;
  const SeedCounts counts = is_uniform ? SeedCounts{} : count_seeds(study.search, space);
  const auto seeds = uniform + static_cast<std::int64_t>(counts.steps + counts.path);
  std::int64_t total = is_uniform ? std::ssize(space.width_pairs()) * shares_of(study.search)
                                  : default_budget(study.search, seeds);
  if (study.search.evaluations) {
    total = is_uniform ? std::min(total, *study.search.evaluations) : *study.search.evaluations;
  }
  return {total,
          fmt::format("seeds: {} uniform{}{}", uniform,
                      is_agent ? std::string() : seeds_text(counts), plan_text(study.search))};
}

std::vector<std::int64_t> level_budgets(const Study& study, const PlanSpace& space) {
  const SearchOptions& options = study.search;
  if (!options.evaluations) return {};
  const std::int64_t uniform = count_uniform(study, space);
  const SeedCounts counts = count_seeds(options, space);
  const bool is_agent = options.algorithm == Algorithm::agent;  // which measures no seeds
  const auto seeds = static_cast<std::int64_t>(counts.steps + counts.path);
  std::vector<std::int64_t> wanted;  // by the end of each level, beside the uniform plans
  for (const LevelOptions& level : levels_of(options)) {
    const std::int64_t population = plans_per_generation(level, options);
    const std::int64_t first = is_agent ? 0 : std::max(seeds, population - uniform);
    const std::int64_t before = wanted.empty() ? first : wanted.back();
    wanted.push_back(before + population * level.generations);
  }
  const std::int64_t rest = std::max<std::int64_t>(0, *options.evaluations - uniform);
  std::vector<std::int64_t> budgets(wanted.size(), *options.evaluations);
  for (std::size_t i = 0; i + 1 < wanted.size() && rest < wanted.back(); ++i) {
    budgets[i] = uniform + rest * wanted[i] / wanted.back();
  }
  return budgets;
}

std::string level_prefix(const SearchLedger& ledger, const SearchOptions& options) {
  if (options.levels.empty()) return {};
  return fmt::format("{} level, ", name(options.levels[ledger.level_count() - 1].model));
}

void run_uniform(SearchLedger& ledger, const SearchOptions& options) {
  std::vector<Counts> kept;
  if (options.channels) {
    for (const double share : options.channels->shares)
      kept.push_back(channels_of_share(share, ledger.space().group_sizes()));
  }
  measure_all_pairs(ledger, kept, Origin::uniform, "uniform plans");
}

void run_magnitude(SearchLedger& ledger, const SearchOptions&) {
  std::vector<Counts> kept;
  for (int step = 1; step < kScoreSteps; ++step) {
    std::optional<Counts> counts = ledger.counts_by_score(static_cast<double>(step) / kScoreSteps);
    if (!counts) return;
    kept.push_back(std::move(*counts));
  }
  measure_all_pairs(ledger, kept, Origin::magnitude, "plans by score");
}

}  // namespace hwflow::study
