#pragma once

#include <cstdint>
#include <string>

#include "base/expected.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// Adds a run to the store, or takes up its last one again.
/// started  UTC, ISO 8601
/// returns  the id of the run
/// Errors   resume without any run; resume with another config: which keys differ.
[[nodiscard]] Expected<RunRecord> begin_run(RunStore& store, const LoadedStudy& study, bool resume,
                                            const std::string& started);

}  // namespace hwflow::study
