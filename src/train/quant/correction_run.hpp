#pragma once

#include <vector>

#include "train/quant/calibration.hpp"
#include "train/quant/plan_cache.hpp"

namespace hwflow::train {

/// correct_sums() for a plan of narrow widths, with everything that the cache knows left out: the
/// corrections of each compute node (null: it is left as it is).
/// integers, weights   the plan before the correction, as for integer::compile()
[[nodiscard]] std::vector<SharedCorrection> find_corrections(
    const CalibratedNetwork& calibrated, const CompressionPlan& plan,
    const IntegerNetwork& integers, std::span<const integer::SharedWeights> weights,
    PlanCache& cache);

}  // namespace hwflow::train
