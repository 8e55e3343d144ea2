#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// Names of facts in the store (see RunStore::save_fact).
inline constexpr const char* kOriginFact = "study file";
inline constexpr const char* kAccuracyModelFact = "accuracy model";
inline constexpr const char* kTrainingCodeFact = "training code";  ///< of build_signature()
inline constexpr const char* kHardwareCodeFact = "hardware code";  ///< of build_signature()
inline constexpr const char* kMachineFact = "machine";
inline constexpr const char* kSearchCaveatFact = "search caveat";
inline constexpr const char* kThreadsFact = "threads";
inline constexpr const char* kComparedFact = "compared configs";  ///< hashes, in order
inline constexpr const char* kSecondsFact = "seconds of ";        ///< and the name of a phase

/// Adds a run to the store, or takes up its last one again.
/// started  UTC, ISO 8601
/// returns  the id of the run
/// Errors   resume without any run; resume with another config: which keys differ; resume by a
///          program whose training or hardware code is not that of the run (build_signature()).
[[nodiscard]] Expected<RunRecord> begin_run(RunStore& store, const LoadedStudy& study, bool resume,
                                            const std::string& started);

/// The newest run of a store with that config.
[[nodiscard]] std::optional<RunRecord> newest_run(const RunStore& store,
                                                  const std::string& config_hash);

/// The run of one of several studies that share a store and are run in their order, see
/// run_comparison(): as begin_run(), but takes up the newest run of its config, and begins one
/// where the run before was killed in an earlier study.
/// Errors  as begin_run(); resume when the first study was not begun.
[[nodiscard]] Expected<RunRecord> begin_run_of_several(RunStore& store,
                                                       std::span<const LoadedStudy> studies,
                                                       std::size_t which, bool resume,
                                                       const std::string& started);

/// The runs of the studies that a run was begun beside, its own among them.
struct ComparedRuns {
  std::vector<RunRecord> begun;  ///< in the order of the studies; none: it was a run by itself
  std::size_t studies = 0;
};
[[nodiscard]] ComparedRuns compared_runs(const RunStore& store, const RunRecord& run);

}  // namespace hwflow::study
