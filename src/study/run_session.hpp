#pragma once

#include <cstdint>
#include <string>

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
inline constexpr const char* kSecondsFact = "seconds of ";  ///< and the name of a phase

/// Adds a run to the store, or takes up its last one again.
/// started  UTC, ISO 8601
/// returns  the id of the run
/// Errors   resume without any run; resume with another config: which keys differ; resume by a
///          program whose training or hardware code is not that of the run (build_signature()).
[[nodiscard]] Expected<RunRecord> begin_run(RunStore& store, const LoadedStudy& study, bool resume,
                                            const std::string& started);

}  // namespace hwflow::study
