#pragma once

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::chip::testing {

/// Four units behind one buffer, and a narrow port of DRAM: small networks do not fit at once.
[[nodiscard]] Accelerator machine_with(std::int64_t buffer_bits);

/// Quick searches; pipelines among them where time counts.
[[nodiscard]] FusionOptions options_for(Objective objective, std::int64_t evaluations);

}  // namespace hwflow::chip::testing
