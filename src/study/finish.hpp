#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/run_store.hpp"
#include "study/search.hpp"
#include "study/study.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Re-trains and measures every plan of `result.plans`, several at once, each committed to the
/// store when it is done; then fills in the test accuracies of those that are done. Progress shows
/// the plans in work, at least every other second.
/// returns  one per plan; nothing when one is missing: the run was stopped, or setting.only_known
[[nodiscard]] std::vector<train::FinishedPlan> finish_plans(
    CodesignResult& result, const FinishOptions& options, std::uint64_t seed,
    train::AccuracyModel& accuracy, RunStore& store, const SearchSetting& setting);

/// Fills in the paired tests of every pick against every baseline, and the headline: of the picks
/// whose held-out accuracy is at most the tolerance below that of float on the same images, the one
/// of least energy, against the reference. Test accuracies choose nothing.
void compare_plans(CodesignResult& result, const std::vector<train::FinishedPlan>& finished,
                   const FinishOptions& options);

/// "least energy within 0.5 points" -> "least_energy_within_0.5_points".
[[nodiscard]] std::string file_stem(const std::string& label);

/// Text of what re-training depends on beside the plan: part of the store's key.
[[nodiscard]] std::string finetune_text(const FinishOptions& options, std::uint64_t seed);

}  // namespace hwflow::study
