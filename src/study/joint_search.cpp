#include "study/joint_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "study/joint_front.hpp"
#include "study/joint_orders.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {
namespace {

/// Costs nothing and says so: a joint search has prices of its own.
class UnpricedModel final : public HardwareModel {
 public:
  UnpricedModel(const HardwareModel& like, const HardwareOptions& options)
      : HardwareModel(like.network(), like.accelerator(), options) {}
  Diagnostics prepare(std::span<const CompressionPlan>, int, std::stop_token) override {
    return {};
  }
  HardwareCost cost(const CompressionPlan&) const override { return {}; }
  PlanSchedule schedule(const CompressionPlan&) const override { return {}; }
  std::int64_t layers_reused() const noexcept override { return 0; }
  std::int64_t schedules_searched() const noexcept override { return 0; }
  std::optional<LayerCost> layer_cost(const std::string&) const override { return std::nullopt; }
};

/// What both the result and the report call the costs of a plan.
std::vector<Objective> plan_objectives(const HardwareSpace& space) {
  std::vector<Objective> objectives{Objective::accuracy};
  for (const HardwareObjective objective : space.objectives()) {
    if (objective == HardwareObjective::latency) objectives.push_back(Objective::latency);
    if (objective == HardwareObjective::dram) objectives.push_back(Objective::dram);
    if (objective == HardwareObjective::energy) objectives.push_back(Objective::energy);
  }
  return objectives;
}

/// Puts the result together; steps of finish() in order.
class Outcome {
 public:
  Outcome(const Study& study, StrategyLedger& ledger, DesignedModel& model)
      : study_(study), ledger_(ledger), model_(model), order_(study.hardware.search->order) {}

  Expected<SearchResult> finish() && {
    if (!ledger_.problems().empty()) return Unexpected{ledger_.problems()};
    result_.stopped = ledger_.stopped();
    result_.accuracy_evaluations = ledger_.evaluations();
    result_.accuracy_cache_hits = ledger_.cache_hits();
    if (ledger_.closes().empty()) return std::move(result_);
    known_ = ledger_.closes().back().known;
    const auto start = std::chrono::steady_clock::now();
    if (!ledger_.stopped()) price_measured_plans();
    fill_evaluated();
    fill_own_designs();
    fill_summary();
    fill_curve();
    fill_pairs();
    result_.comparing_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result_.hardware_search = std::move(summary_);
    return std::move(result_);
  }

 private:
  /// So that the report can tell of all; no part of the search.
  void price_measured_plans() {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < known_; ++i) {
      if (ledger_.strategies()[i].accuracy) places.push_back(i);
    }
    result_.stopped = !ledger_.price(places);
  }

  [[nodiscard]] bool is_baseline(const CompressionPlan& plan) const {
    return std::any_of(
        study_.finish.baselines.begin(), study_.finish.baselines.end(),
        [&](const WidthPair& pair) { return ledger_.plans().uniform(pair) == plan; });
  }

  /// Of the designs within the limits the one of least geometric mean of costs.
  [[nodiscard]] std::optional<DesignPoint> best_inside(const Strategy& strategy) const {
    if (!strategy.verdict) return std::nullopt;
    std::optional<DesignPoint> best;
    double least = 0.0;
    for (const DesignPoint& point : strategy.verdict->inside) {
      double product = 1.0;
      for (const double value : ledger_.gate().scaled(point)) product *= value;
      if (best && product >= least) continue;
      least = product;
      best = point;
    }
    return best;
  }

  /// The design that a plan is shown on; none: no design runs it.
  [[nodiscard]] std::optional<DesignPoint> choose(const Strategy& strategy) const {
    HardwareSpace& space = model_.space();
    if (!is_baseline(strategy.plan)) {
      if (std::optional<DesignPoint> best = best_inside(strategy)) return best;
    }
    Expected<DesignPoint> reference = space.point(strategy.plan, space.reference());
    if (reference) return std::move(*reference);
    return strategy.verdict ? strategy.verdict->nearest : std::nullopt;
  }

  /// Baselines, which are shown on the reference, on designs of their own.
  void fill_own_designs() {
    for (const auto& [place, evaluated] : evaluated_) {
      const Strategy& strategy = ledger_.strategies()[place];
      if (!is_baseline(strategy.plan) || !strategy.verdict) continue;
      std::optional<DesignPoint> own = best_inside(strategy);
      const bool is_inside = own.has_value();
      if (!own) own = strategy.verdict->nearest;
      if (!own) continue;
      HardwareSpace& space = model_.space();
      summary_.own_designs.push_back({evaluated, *own, space.describe(own->sizes),
                                      space.cost(strategy.plan, own->sizes), is_inside});
    }
  }

  void fill_evaluated() {
    result_.objectives = plan_objectives(model_.space());
    std::vector<pareto::Objectives> points;
    for (std::size_t i = 0; i < known_; ++i) {
      const Strategy& strategy = ledger_.strategies()[i];
      if (!strategy.accuracy) continue;
      std::optional<DesignPoint> design = choose(strategy);
      if (!design) continue;
      model_.choose(strategy.plan, design->sizes);
      EvaluatedPlan plan;
      plan.plan = strategy.plan;
      plan.generation = strategy.generation;
      plan.origin = is_uniform(strategy.plan)
                        ? Origin::uniform
                        : (strategy.generation == 0 ? Origin::random : Origin::offspring);
      plan.accuracy = *strategy.accuracy;
      plan.hardware = model_.cost(strategy.plan);
      for (const Objective objective : result_.objectives)
        plan.objectives.push_back(objective_value(objective, plan.accuracy, plan.hardware));
      points.push_back(plan.objectives);
      evaluated_[i] = result_.evaluated.size();
      if (is_baseline(plan.plan)) result_.baselines.push_back(result_.evaluated.size());
      result_.evaluated.push_back(std::move(plan));
      summary_.chosen_designs.push_back(model_.space().describe(design->sizes));
      summary_.chosen.push_back(std::move(*design));
    }
    fill_front(points);
  }

  void fill_front(const std::vector<pareto::Objectives>& points) {
    result_.front = pareto::pareto_front(points);
    std::stable_sort(result_.front.begin(), result_.front.end(),
                     [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
    for (const std::size_t i : result_.front) result_.evaluated[i].on_front = true;
    result_.normalisers.assign(result_.objectives.size(), 1.0);
    for (std::size_t k = 1; k < result_.objectives.size(); ++k) {
      const double widest = points.empty() ? 0.0 : points.front()[k];
      if (widest > 0.0) result_.normalisers[k] = widest;
    }
    result_.hypervolume_reference.assign(result_.objectives.size(), 1.0);
  }

  [[nodiscard]] bool is_uniform(const CompressionPlan& plan) const {
    const std::vector<CompressionPlan> plans = uniform_plans(study_, ledger_.plans());
    return std::find(plans.begin(), plans.end(), plan) != plans.end();
  }

  void fill_summary() {
    const HardwareSearchOptions& options = *study_.hardware.search;
    HardwareSpace& space = model_.space();
    summary_.order = name(options.order);
    summary_.space = name(options.space);
    for (const HardwareObjective objective : space.objectives())
      summary_.objectives.emplace_back(name(objective));
    summary_.size_names = space.size_names();
    summary_.designs = space.size();
    summary_.reference_design = space.describe(space.reference());
    summary_.reference = ledger_.reference();
    summary_.reference_widths = {options.reference_widths.weights, options.reference_widths.inputs};
    summary_.limits = ledger_.gate().limits();
    summary_.least_accuracy = ledger_.least_accuracy();
    summary_.energy_components = space.energy_components();
    summary_.level_names = space.level_names();
    summary_.clock_mhz = space.clock_mhz();
    const std::vector<std::size_t> kept = kept_plans(ledger_, order_, known_);
    for (std::size_t i = 0; i < known_; ++i) {
      const Strategy& strategy = ledger_.strategies()[i];
      StrategySummary row;
      row.plan = strategy.plan;
      row.generation = strategy.generation;
      row.designs = strategy.designs;
      if (strategy.verdict) {
        row.passes = strategy.verdict->passes;
        row.violation = strategy.verdict->violation;
        row.volume = strategy.verdict->volume;
        row.inside = static_cast<std::int64_t>(strategy.verdict->inside.size());
      }
      row.is_kept = std::binary_search(kept.begin(), kept.end(), i);
      if (const auto place = evaluated_.find(i); place != evaluated_.end())
        row.evaluated = place->second;
      summary_.strategies.push_back(std::move(row));
    }
  }

  /// Pairs of kept plans, of those that `places` name.
  struct Pairs {
    std::vector<std::size_t> places;
    JointFront front;
  };
  [[nodiscard]] Pairs pairs_of(std::vector<std::size_t> places) const {
    std::vector<PlanDesigns> plans;
    for (const std::size_t place : places) {
      const Strategy& strategy = ledger_.strategies()[place];
      plans.push_back({ledger_.harm(strategy),
                       strategy.verdict ? std::span<const DesignPoint>(strategy.verdict->inside)
                                        : std::span<const DesignPoint>()});
    }
    JointFront front = joint_front(plans, ledger_.gate());
    return {std::move(places), std::move(front)};
  }

  void fill_curve() {
    for (const StrategyLedger::Close& close : ledger_.closes()) {
      last_ = pairs_of(kept_plans(ledger_, order_, close.known));
      PairGeneration generation = close.summary;
      generation.pairs = static_cast<std::int64_t>(last_.front.pairs.size());
      generation.hypervolume = last_.front.volume;
      summary_.curve.push_back(generation);
      GenerationSummary summary;
      summary.generation = generation.generation;
      summary.evaluations = generation.evaluations;
      summary.front_size = generation.pairs;
      summary.hypervolume = generation.hypervolume;
      summary.seconds = generation.seconds;
      result_.generations.push_back(summary);
    }
    LevelSummary level;
    level.generations = result_.generations;
    level.widths = ledger_.plans().layer_widths();
    level.space_log10 = ledger_.plans().genomes().log10_size();
    level.priced = static_cast<std::int64_t>(result_.evaluated.size());
    for (const std::size_t i : result_.front) {
      const EvaluatedPlan& plan = result_.evaluated[i];
      level.front.push_back({plan.plan, plan.accuracy, plan.hardware, i});
    }
    result_.levels.push_back(std::move(level));
  }

  void fill_pairs() {
    for (const PlanDesign& pair : last_.front.pairs) {
      const std::size_t place = last_.places[pair.plan];
      const DesignPoint& point = ledger_.strategies()[place].verdict->inside[pair.design];
      summary_.pairs.push_back({evaluated_.at(place), point, model_.space().describe(point.sizes)});
    }
  }

  const Study& study_;
  StrategyLedger& ledger_;
  DesignedModel& model_;
  SearchOrder order_;
  std::size_t known_ = 0;
  std::map<std::size_t, std::size_t> evaluated_;  // place in `evaluated` by strategy
  Pairs last_;
  HardwareSearchSummary summary_;
  SearchResult result_;
};

}  // namespace

Expected<SearchResult> search_jointly(const Study& study, DesignedModel& model,
                                      train::AccuracyModel& accuracy, RunStore& store,
                                      const SearchSetting& setting) {
  HWFLOW_CHECK(study.hardware.search.has_value(), "a study without a search for hardware");
  const PlanSpace plans(study.search, model.network());
  UnpricedModel unpriced(model, study.hardware);
  StrategyLedger ledger(study, plans, unpriced, model.space(), accuracy, store, setting);
  const std::int64_t bred = std::int64_t{study.search.population} * study.search.generations;
  ledger.set_total(
      study.search.evaluations.value_or(bred + study.search.population),
      fmt::format("{} search for plans and designs", name(study.hardware.search->order)));
  ledger.begin();
  if (ledger.alive()) {
    if (study.hardware.search->order == SearchOrder::nested) {
      search_nested(ledger, study.search);
    } else {
      search_sequential(ledger, study.search);
    }
  }
  return Outcome(study, ledger, model).finish();
}

}  // namespace hwflow::study
