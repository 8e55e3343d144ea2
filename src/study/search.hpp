#pragma once

#include <chrono>
#include <stop_token>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/hardware_model.hpp"
#include "study/progress.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// What a search over the widths of each layer found; fields as in CodesignResult.
struct SearchResult {
  std::vector<double> normalisers, hypervolume_reference;
  std::vector<EvaluatedPlan> evaluated;
  std::vector<std::size_t> front;
  std::vector<std::size_t> baselines;
  std::vector<GenerationSummary> generations;
  std::int64_t accuracy_cache_hits = 0;
  double mapping_seconds = 0.0;
  bool stopped = false;
};

struct SearchSetting {
  int threads = 1;
  ReportProgress progress;
  std::stop_token stop;
  /// Nothing is evaluated or trained: what the store lacks ends the work as a stop does.
  bool only_known = false;
  std::chrono::milliseconds heartbeat{2000};  ///< between two signs of life of the re-training
};

/// NSGA-II over the widths of each layer.
///
/// Generation 0 holds the uniform baselines, the single steps away from the widest one and a greedy
/// path made from them (search.sensitivity_seeds), and random plans when these do not fill the
/// population. Depends on the study, the models and nothing else: the same for any number of
/// threads, and for a run that was killed and started again.
/// Errors  a layer that cannot be mapped.
[[nodiscard]] Expected<SearchResult> search_plans(const Study& study, HardwareModel& hardware,
                                                  train::AccuracyModel& accuracy, RunStore& store,
                                                  const SearchSetting& setting);

/// The value of one objective, minimised.
[[nodiscard]] double objective_value(Objective objective, const train::AccuracyEstimate& accuracy,
                                     const HardwareCost& hardware);

}  // namespace hwflow::study
