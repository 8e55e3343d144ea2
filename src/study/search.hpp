#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/hardware_model.hpp"
#include "study/progress.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"
#include "train/agent/agent.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// What a search over the widths of each layer found; fields as in CodesignResult.
struct SearchResult {
  std::vector<double> normalisers, hypervolume_reference;
  std::vector<EvaluatedPlan> evaluated;
  std::vector<std::size_t> front;
  std::vector<std::size_t> baselines;
  std::vector<GenerationSummary> generations;
  std::vector<LevelSummary> levels;
  std::int64_t accuracy_evaluations = 0;
  std::int64_t accuracy_cache_hits = 0;
  double mapping_seconds = 0.0;
  /// Time and schedules that comparing the levels took (search.compare_levels).
  double comparing_seconds = 0.0;
  std::int64_t comparing_searches = 0;
  bool stopped = false;
  /// Of a joint search (search_jointly): what it found, and what costs of plans are.
  std::optional<HardwareSearchSummary> hardware_search = std::nullopt;
  std::vector<Objective> objectives = {};
};

struct SearchSetting {
  int threads = 1;
  ReportProgress progress;
  std::stop_token stop;
  /// Nothing is evaluated or trained: what the store lacks ends the work as a stop does.
  bool only_known = false;
  std::chrono::milliseconds heartbeat{2000};  ///< between two signs of life of the re-training
  /// Run of the store that remembers the time of each generation; none: only this process does.
  std::optional<std::int64_t> run = std::nullopt;
  train::MakeAgent make_agent = train::make_ddpg_agent;  ///< of search.algorithm: agent
};

/// The hardware models of a search by level of abstraction, each a lower bound of the next; all
/// outlive the search. A study of one fine level needs no more than that.
struct LevelModels {
  LevelModels(HardwareModel& fine_model)  // NOLINT(google-explicit-constructor): often the only one
      : fine(fine_model) {}
  HardwareModel& fine;
  HardwareModel* mid = nullptr;
  HardwareModel* coarse = nullptr;

  [[nodiscard]] HardwareModel& at(Abstraction model) const;
};

/// The levels of a search, coarse first: those of the options, else one fine level.
[[nodiscard]] std::vector<LevelOptions> levels_of(const SearchOptions& options);

/// Searches the widths of each layer by the algorithm of the study, level by level.
///
/// Every algorithm first measures the uniform baselines. At each level it works with the costs that
/// the level's model tells; the front of a level narrows the widths that the next one may choose
/// from, and what was measured is priced there, too, but not measured again. Depends on the study,
/// the models and nothing else: the same for any number of threads, and for a run that was killed
/// and started again.
/// Errors  a layer that cannot be mapped.
[[nodiscard]] Expected<SearchResult> search_plans(const Study& study, const LevelModels& models,
                                                  train::AccuracyModel& accuracy, RunStore& store,
                                                  const SearchSetting& setting);

/// The value of one objective, minimised.
[[nodiscard]] double objective_value(Objective objective, const train::AccuracyEstimate& accuracy,
                                     const HardwareCost& hardware);

}  // namespace hwflow::study
