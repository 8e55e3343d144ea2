#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pareto/dominance.hpp"
#include "study/accuracy_predictor.hpp"
#include "study/generation_clock.hpp"
#include "study/plan_evaluator.hpp"
#include "study/plan_space.hpp"
#include "study/search.hpp"

namespace hwflow::study {

/// What all algorithms of a search share: it measures the plans that they propose, each once,
/// keeps within the budget of accuracy evaluations, prices plans at the present level of
/// abstraction, and puts the result together.
///
/// An algorithm proposes plans by measure(), tells by close_generation() when a part of its work is
/// done, and ends when the budget is spent or alive() is false. What was proposed after the last
/// closed generation is not in the result.
class SearchLedger {
 public:
  /// All arguments outlive the ledger.
  SearchLedger(const Study& study, const LevelModels& models, train::AccuracyModel& accuracy,
               RunStore& store, const SearchSetting& setting);

  /// How many plans are likely to be measured, and what for; before the first level.
  void set_outlook(std::int64_t total, std::string note);

  /// From now on plans are priced by `model`. The uniform plans are measured. What an earlier level
  /// found is priced, too; at the fine level but for plans whose bounds a priced plan dominates:
  /// they cannot be on the front.
  void begin_level(Abstraction model, PlanSpace space);
  [[nodiscard]] const PlanSpace& space() const { return levels_.back().space; }
  [[nodiscard]] std::size_t level_count() const { return levels_.size(); }

  /// False once the run was stopped or a layer could not be mapped.
  [[nodiscard]] bool alive() const { return problems_.empty() && !stopped_; }
  [[nodiscard]] const std::stop_token& stop_token() const { return setting_.stop; }
  /// The run was asked to stop, and the algorithm has not done all it would.
  void stop() { stopped_ = true; }
  /// The search cannot be done as it was asked for.
  void fail(Diagnostics problems) { problems_ = std::move(problems); }

  [[nodiscard]] const Study& study() const { return study_; }
  [[nodiscard]] const SearchSetting& setting() const { return setting_; }
  [[nodiscard]] const Network& network() const { return models_.fine.network(); }
  /// Of the float network on the search split; none: not known, and nothing may be measured.
  [[nodiscard]] std::optional<train::AccuracyEstimate> float_accuracy();
  /// None: the plan was not measured.
  [[nodiscard]] std::optional<train::AccuracyEstimate> accuracy(const CompressionPlan& plan) const;
  /// As AccuracyModel::counts_by_score(), and remembered with the run. None, and alive() is false:
  /// not known, and nothing may be measured.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> counts_by_score(double share);
  /// What a plan costs at the present level, measured or not. None when alive() is false.
  [[nodiscard]] std::optional<HardwareCost> price(const CompressionPlan& plan);
  /// The same of several, in their order.
  [[nodiscard]] std::optional<std::vector<HardwareCost>> price(
      std::span<const CompressionPlan> plans);
  /// As HardwareModel::model_bits_of().
  [[nodiscard]] std::int64_t model_bits_of(const CompressionPlan& plan) const {
    return models_.fine.model_bits_of(plan);
  }
  /// As HardwareModel::macs_of().
  [[nodiscard]] std::int64_t macs_of(const CompressionPlan& plan) const {
    return models_.fine.macs_of(plan);
  }
  /// Of a plan that was priced, as HardwareModel::layer_loads() at the present level.
  [[nodiscard]] std::vector<LayerLoad> layer_loads(const CompressionPlan& plan) const {
    return levels_.back().hardware->layer_loads(plan);
  }
  /// All that was measured so far, in the order of evaluation, whatever level prices it.
  [[nodiscard]] std::vector<MeasuredPlan> measured_plans() const;
  /// Distinct plans whose accuracy may still be measured.
  [[nodiscard]] std::int64_t evaluations_left() const;
  /// How many distinct plans may be measured by the end of the present level.
  void limit_level(std::int64_t evaluations) { level_budget_ = evaluations; }
  /// A budget for a study that names none; for algorithms that would not end by themselves.
  void limit_evaluations(std::int64_t budget);
  [[nodiscard]] std::int64_t evaluations() const {
    return static_cast<std::int64_t>(plans_.size());
  }

  /// Objectives of `plans` at the present level, in their order; of the first few only when the
  /// budget allows no more. A plan that is known costs nothing. None when alive() is false.
  std::optional<std::vector<pareto::Objectives>> measure(std::span<const CompressionPlan> plans,
                                                         Origin origin);
  /// The same for genomes of space().
  std::optional<std::vector<pareto::Objectives>> measure(std::span<const pareto::Genome> genomes,
                                                         Origin origin);

  /// What was measured so far, is priced at the present level and lies in space(), in the order of
  /// evaluation.
  [[nodiscard]] std::vector<pareto::Genome> known_genomes() const;
  /// The front at the present level, by rising first objective.
  [[nodiscard]] std::vector<CompressionPlan> front() const;

  /// Ends a generation. `label` is for the progress line: "generation 3 of 10"; the other is
  /// GenerationSummary::rank_correlation.
  void close_generation(const std::string& label,
                        std::optional<double> rank_correlation = std::nullopt);

  /// Prices by the last level's model what the levels before it had found after each of their
  /// generations: GenerationSummary::final_hypervolume. Plans are left out whose bounds show that
  /// they do not count.
  void compare_levels();

  [[nodiscard]] Expected<SearchResult> finish() &&;

 private:
  struct Plan {
    CompressionPlan plan;
    int generation = 0;
    Origin origin = Origin::offspring;
    train::AccuracyEstimate accuracy;
  };
  struct Level {
    HardwareModel* hardware;
    PlanSpace space;
    std::map<std::size_t, HardwareCost> costs;  ///< by plan
    pareto::Objectives normalisers;
    std::vector<std::size_t> known;  ///< plans at the end of each generation
    LevelSummary summary;
  };
  using Indices = std::vector<std::size_t>;

  bool measure_fresh(const std::vector<CompressionPlan>& plans, Origin origin);
  /// What an evaluator told; none, and alive() is false, when it told problems or was stopped.
  template <class Value>
  std::optional<Value> settle(Expected<std::optional<Value>> told);
  bool price(Level& level, const Indices& plans);
  [[nodiscard]] bool price_into(std::map<std::size_t, HardwareCost>& costs, HardwareModel& hardware,
                                const Indices& plans);
  /// Prices, by the model of `level`, those of `plans` that may be on the front of what `costs`
  /// holds then. `coarser`, a lower bound, has prepared them. Returns how many were left out.
  std::int64_t price_undominated(const Level& level, std::map<std::size_t, HardwareCost>& costs,
                                 const Indices& plans, const HardwareModel& coarser);
  void adopt_known_plans();
  void compare(Level& level, std::map<std::size_t, HardwareCost>& costs,
               const HardwareModel& coarser);
  void set_normalisers(Level& level);
  [[nodiscard]] std::int64_t affordable(std::span<const CompressionPlan> plans) const;
  [[nodiscard]] std::optional<std::size_t> find(const CompressionPlan& plan) const;
  [[nodiscard]] pareto::Objectives objectives_of(std::size_t plan, const HardwareCost& cost) const;
  /// Plans below `end` that `costs` has and no other of them dominates, ascending.
  [[nodiscard]] Indices front_of(const std::map<std::size_t, HardwareCost>& costs,
                                 std::size_t end) const;
  void sort_by_objectives(Indices& plans, const std::map<std::size_t, HardwareCost>& costs) const;
  [[nodiscard]] double volume_of(const Indices& front,
                                 const std::map<std::size_t, HardwareCost>& costs,
                                 const pareto::Objectives& normalisers) const;
  void fill_evaluated(SearchResult& result, const Level& last) const;
  void fill_levels(SearchResult& result);

  const Study& study_;
  const LevelModels& models_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  const SearchSetting& setting_;
  PlanEvaluator evaluator_;
  std::vector<CompressionPlan> uniform_;
  std::vector<Plan> plans_;  ///< in order of evaluation
  std::map<std::string, std::size_t> index_;
  std::vector<Level> levels_;
  std::optional<std::int64_t> budget_, level_budget_;
  int generation_ = 0;
  GenerationClock clock_;
  double comparing_seconds_ = 0.0;
  std::int64_t comparing_searches_ = 0;
  bool stopped_ = false;
  Diagnostics problems_;
};

/// The uniform plans that a search always measures: the widest, the study's baselines, those of the
/// re-training. May hold a plan twice.
[[nodiscard]] std::vector<CompressionPlan> uniform_plans(const Study& study,
                                                         const PlanSpace& space);

/// Objectives with 1 - top1 first, the costs behind it in their order.
[[nodiscard]] pareto::Objectives harm_first(const std::vector<Objective>& names,
                                            const pareto::Objectives& values);

}  // namespace hwflow::study
