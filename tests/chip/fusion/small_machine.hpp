#pragma once

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::chip::testing {

/// Four units behind one buffer, and a narrow port of DRAM: small networks do not fit at once.
/// `weight_bits`: of a buffer that weights have of their own. `bypassed`: weights have none at all.
[[nodiscard]] Accelerator machine_with(std::int64_t buffer_bits,
                                       std::optional<std::int64_t> weight_bits = std::nullopt,
                                       bool bypassed = false);

/// Quick searches; pipelines among them where time counts.
[[nodiscard]] FusionOptions options_for(Objective objective, std::int64_t evaluations);

}  // namespace hwflow::chip::testing
