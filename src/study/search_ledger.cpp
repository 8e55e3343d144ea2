#include "study/search_ledger.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

#include "base/check.hpp"
#include "pareto/hypervolume.hpp"
#include "study/run_session.hpp"

namespace hwflow::study {

using pareto::Genome;
using pareto::Objectives;

SearchLedger::SearchLedger(const Study& study, const LevelModels& models,
                           train::AccuracyModel& accuracy, RunStore& store,
                           const SearchSetting& setting)
    : study_(study),
      models_(models),
      accuracy_(accuracy),
      store_(store),
      setting_(setting),
      evaluator_(models.fine, accuracy, store, setting.threads, setting.progress, setting.stop),
      budget_(study.search.evaluations),
      clock_(store, setting.run, setting.only_known) {
  if (setting.only_known) evaluator_.use_only_the_store();
}

void SearchLedger::set_outlook(std::int64_t total, std::string note) {
  evaluator_.set_total(total);
  evaluator_.set_note(std::move(note));
}

void SearchLedger::begin_level(Abstraction model, PlanSpace space) {
  if (levels_.empty()) uniform_ = uniform_plans(study_, space);
  HardwareModel& hardware = models_.at(model);
  evaluator_.use(hardware);
  LevelSummary summary;
  summary.model = model;
  summary.widths = space.layer_widths();
  summary.space_log10 = space.genomes().log10_size();
  levels_.push_back({&hardware, std::move(space), {}, {}, {}, std::move(summary)});
  if (!measure(uniform_, Origin::uniform)) return;
  set_normalisers(levels_.back());
  if (levels_.size() > 1) adopt_known_plans();
}

std::int64_t SearchLedger::evaluations_left() const {
  constexpr auto kUnlimited = std::numeric_limits<std::int64_t>::max();
  const std::int64_t most =
      std::min(budget_.value_or(kUnlimited), level_budget_.value_or(kUnlimited));
  return most == kUnlimited ? most : std::max<std::int64_t>(0, most - evaluations());
}

void SearchLedger::limit_evaluations(std::int64_t budget) {
  if (!budget_) budget_ = budget;
}

std::optional<train::AccuracyEstimate> SearchLedger::float_accuracy() {
  return find_or_measure(store_, accuracy_.key(), std::string(kFloatOnSearchSplit),
                         !setting_.only_known,
                         [this] { return accuracy_.float_search_accuracy(); });
}

std::optional<std::vector<std::int32_t>> SearchLedger::counts_by_score(double share) {
  const std::string fact = fmt::format("channels by score, {}", share);
  if (const auto known = setting_.run ? store_.find_fact(*setting_.run, fact) : std::nullopt) {
    std::istringstream text(*known);
    return std::vector<std::int32_t>(std::istream_iterator<std::int32_t>(text), {});
  }
  if (setting_.only_known) {
    stop();
    return std::nullopt;
  }
  std::vector<std::int32_t> counts = accuracy_.counts_by_score(share, space().free_groups());
  if (setting_.run)
    store_.save_fact(*setting_.run, fact, fmt::format("{}", fmt::join(counts, " ")));
  return counts;
}

std::optional<train::AccuracyEstimate> SearchLedger::accuracy(const CompressionPlan& plan) const {
  const std::optional<std::size_t> known = find(plan);
  if (!known) return std::nullopt;
  return plans_[*known].accuracy;
}

std::optional<HardwareCost> SearchLedger::price(const CompressionPlan& plan) {
  const auto costs = price(std::span(&plan, 1));
  return costs ? std::optional(costs->front()) : std::nullopt;
}

std::optional<std::vector<HardwareCost>> SearchLedger::price(
    std::span<const CompressionPlan> plans) {
  if (!alive()) return std::nullopt;
  return settle(evaluator_.price(*levels_.back().hardware, plans));
}

template <class Value>
std::optional<Value> SearchLedger::settle(Expected<std::optional<Value>> told) {
  if (!told) {
    problems_ = std::move(told).error();
    return std::nullopt;
  }
  if (!*told) stopped_ = true;
  return std::move(*told);
}

std::vector<MeasuredPlan> SearchLedger::measured_plans() const {
  std::vector<MeasuredPlan> plans;
  for (const Plan& plan : plans_) plans.push_back({plan.plan, plan.accuracy});
  return plans;
}

std::optional<std::size_t> SearchLedger::find(const CompressionPlan& plan) const {
  const auto place = index_.find(to_text(plan));
  if (place == index_.end()) return std::nullopt;
  return place->second;
}

/// How many of `plans`, from the first, may be measured within the budget.
std::int64_t SearchLedger::affordable(std::span<const CompressionPlan> plans) const {
  std::int64_t left = evaluations_left(), count = 0;
  std::set<std::string> fresh;
  for (const CompressionPlan& plan : plans) {
    if (!find(plan) && fresh.insert(to_text(plan)).second && left-- == 0) break;
    ++count;
  }
  return count;
}

std::optional<std::vector<Objectives>> SearchLedger::measure(std::span<const CompressionPlan> plans,
                                                             Origin origin) {
  if (!alive()) return std::nullopt;
  const auto asked = plans.first(static_cast<std::size_t>(affordable(plans)));
  std::vector<CompressionPlan> fresh;
  std::set<std::string> listed;
  Indices unpriced;
  Level& level = levels_.back();
  for (const CompressionPlan& plan : asked) {
    const std::optional<std::size_t> known = find(plan);
    if (!listed.insert(to_text(plan)).second) continue;
    if (!known) fresh.push_back(plan);
    if (known && !level.costs.contains(*known)) unpriced.push_back(*known);
  }
  if (!measure_fresh(fresh, origin) || !price(level, unpriced)) return std::nullopt;
  std::vector<Objectives> values;
  for (const CompressionPlan& plan : asked) {
    const std::size_t place = *find(plan);
    values.push_back(objectives_of(place, level.costs.at(place)));
  }
  return values;
}

std::optional<std::vector<Objectives>> SearchLedger::measure(std::span<const Genome> genomes,
                                                             Origin origin) {
  std::vector<CompressionPlan> plans;
  for (const Genome& genome : genomes) plans.push_back(space().decode(genome));
  return measure(plans, origin);
}

bool SearchLedger::measure_fresh(const std::vector<CompressionPlan>& plans, Origin origin) {
  if (plans.empty()) return true;
  const auto values = settle(evaluator_.measure(plans));
  if (!values) return false;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const PlanEvaluator::Measured& value = (*values)[i];
    levels_.back().costs.emplace(plans_.size(), value.hardware);
    index_.emplace(to_text(plans[i]), plans_.size());
    plans_.push_back({plans[i], generation_, origin, value.accuracy});
  }
  return true;
}

bool SearchLedger::price(Level& level, const Indices& plans) {
  return price_into(level.costs, *level.hardware, plans);
}

bool SearchLedger::price_into(std::map<std::size_t, HardwareCost>& costs, HardwareModel& hardware,
                              const Indices& plans) {
  if (plans.empty()) return true;
  std::vector<CompressionPlan> texts;
  for (const std::size_t plan : plans) texts.push_back(plans_[plan].plan);
  const auto values = settle(evaluator_.price(hardware, texts));
  if (!values) return false;
  for (std::size_t i = 0; i < plans.size(); ++i) costs[plans[i]] = (*values)[i];
  return true;
}

Objectives SearchLedger::objectives_of(std::size_t plan, const HardwareCost& cost) const {
  Objectives values;
  for (const Objective objective : study_.search.objectives) {
    values.push_back(objective_value(objective, plans_[plan].accuracy, cost));
  }
  return values;
}

SearchLedger::Indices SearchLedger::front_of(const std::map<std::size_t, HardwareCost>& costs,
                                             std::size_t end) const {
  Indices plans;
  std::vector<Objectives> points;
  for (const auto& [plan, cost] : costs) {
    if (plan >= end) break;
    plans.push_back(plan);
    points.push_back(objectives_of(plan, cost));
  }
  Indices front;
  for (const std::size_t i : pareto::pareto_front(points)) front.push_back(plans[i]);
  return front;
}

void SearchLedger::sort_by_objectives(Indices& plans,
                                      const std::map<std::size_t, HardwareCost>& costs) const {
  std::stable_sort(plans.begin(), plans.end(), [&](std::size_t a, std::size_t b) {
    return objectives_of(a, costs.at(a)) < objectives_of(b, costs.at(b));
  });
}

std::vector<Genome> SearchLedger::known_genomes() const {
  const Level& level = levels_.back();
  std::vector<Genome> genomes;
  for (const auto& [plan, cost] : level.costs) {
    std::optional<Genome> genome = level.space.encode(plans_[plan].plan);
    if (genome) genomes.push_back(std::move(*genome));
  }
  return genomes;
}

std::vector<CompressionPlan> SearchLedger::front() const {
  Indices front = front_of(levels_.back().costs, plans_.size());
  sort_by_objectives(front, levels_.back().costs);
  std::vector<CompressionPlan> plans;
  for (const std::size_t plan : front) plans.push_back(plans_[plan].plan);
  return plans;
}

void SearchLedger::set_normalisers(Level& level) {
  // The widest uniform plan is the first of all.
  const Objectives widest = objectives_of(0, level.costs.at(0));
  for (std::size_t i = 0; i < widest.size(); ++i) {
    const bool accuracy = study_.search.objectives[i] == Objective::accuracy;
    level.normalisers.push_back(accuracy || widest[i] <= 0.0 ? 1.0 : widest[i]);
  }
}

double SearchLedger::volume_of(const Indices& front,
                               const std::map<std::size_t, HardwareCost>& costs,
                               const Objectives& normalisers) const {
  std::vector<Objectives> points;
  for (const std::size_t plan : front) {
    points.push_back(objectives_of(plan, costs.at(plan)));
    for (std::size_t k = 0; k < normalisers.size(); ++k) points.back()[k] /= normalisers[k];
  }
  return pareto::hypervolume(points, Objectives(normalisers.size(), 1.0));
}

void SearchLedger::close_generation(const std::string& label,
                                    std::optional<double> rank_correlation) {
  if (!alive()) return;
  Level& level = levels_.back();
  level.known.push_back(plans_.size());
  const Indices front = front_of(level.costs, plans_.size());
  const double volume = volume_of(front, level.costs, level.normalisers);
  GenerationSummary summary;
  summary.generation = generation_++;
  summary.evaluations = evaluations();
  summary.front_size = static_cast<std::int64_t>(front.size());
  summary.hypervolume = volume;
  summary.schedules_searched = models_.fine.schedules_searched();
  summary.seconds = clock_.close(fmt::format("generation {}", summary.generation)).front();
  summary.rank_correlation = rank_correlation;
  level.summary.generations.push_back(summary);
  const std::string predicted =
      rank_correlation ? fmt::format(", predicted with rank correlation {:.2f}", *rank_correlation)
                       : std::string();
  evaluator_.set_note(
      fmt::format("{}{}, front {}, hypervolume {:.4f}", label, predicted, front.size(), volume));
}

Expected<SearchResult> SearchLedger::finish() && {
  if (!problems_.empty()) return Unexpected{std::move(problems_)};
  SearchResult result;
  const bool at_last_level = levels_.size() == levels_of(study_.search).size();
  if (at_last_level) fill_evaluated(result, levels_.back());
  fill_levels(result);
  result.accuracy_evaluations = evaluations();
  result.accuracy_cache_hits = evaluator_.cache_hits();
  result.mapping_seconds = evaluator_.mapping_seconds() - comparing_seconds_;
  result.comparing_seconds = comparing_seconds_;
  result.comparing_searches = comparing_searches_;
  result.stopped = stopped_;
  return result;
}

void SearchLedger::fill_evaluated(SearchResult& result, const Level& last) const {
  result.normalisers = last.normalisers;
  result.hypervolume_reference.assign(last.normalisers.size(), 1.0);
  result.generations = last.summary.generations;
  if (last.known.empty()) return;
  std::map<std::size_t, std::size_t> places;
  for (const auto& [plan, cost] : last.costs) {
    if (plan >= last.known.back()) break;
    const Plan& known = plans_[plan];
    places[plan] = result.evaluated.size();
    result.evaluated.push_back({known.plan, known.generation, known.origin, known.accuracy,
                                std::nullopt, cost, objectives_of(plan, cost), false});
  }
  Indices front = front_of(last.costs, last.known.back());
  sort_by_objectives(front, last.costs);
  for (const std::size_t plan : front) {
    result.front.push_back(places.at(plan));
    result.evaluated[places.at(plan)].on_front = true;
  }
  for (const CompressionPlan& plan : uniform_) {
    const std::size_t place = places.at(*find(plan));
    if (std::count(result.baselines.begin(), result.baselines.end(), place) == 0) {
      result.baselines.push_back(place);
    }
  }
}

void SearchLedger::fill_levels(SearchResult& result) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    places.emplace(to_text(result.evaluated[i].plan), i);
  }
  for (Level& level : levels_) {
    if (level.known.empty()) continue;
    Indices front = front_of(level.costs, level.known.back());
    sort_by_objectives(front, level.costs);
    for (const std::size_t plan : front) {
      const auto place = places.find(to_text(plans_[plan].plan));
      level.summary.front.push_back(
          {plans_[plan].plan, plans_[plan].accuracy, level.costs.at(plan),
           place == places.end() ? std::nullopt : std::optional(place->second)});
    }
    level.summary.priced = static_cast<std::int64_t>(level.costs.size());
    result.levels.push_back(std::move(level.summary));
  }
}

std::vector<CompressionPlan> uniform_plans(const Study& study, const PlanSpace& space) {
  std::vector<WidthPair> pairs{{space.weight_bits().back(), space.input_bits().back()}};
  const std::vector<WidthPair> baselines =
      study.baselines.empty() ? space.width_pairs() : study.baselines;
  pairs.insert(pairs.end(), baselines.begin(), baselines.end());
  pairs.insert(pairs.end(), study.finish.baselines.begin(), study.finish.baselines.end());
  std::vector<CompressionPlan> plans;
  for (const WidthPair& pair : pairs) plans.push_back(space.uniform(pair));
  return plans;
}

Objectives harm_first(const std::vector<Objective>& names, const Objectives& values) {
  Objectives ordered(1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (names[i] == Objective::accuracy) {
      ordered[0] = values[i];
    } else {
      ordered.push_back(values[i]);
    }
  }
  return ordered;
}

}  // namespace hwflow::study
