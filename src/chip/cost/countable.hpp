#pragma once

#include <cstdint>
#include <optional>

#include "base/diagnostics.hpp"
#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// No count of words, bits or cycles that is computed for one layer exceeds this.
inline constexpr std::int64_t kMostCount = std::int64_t{1} << 60;
/// Words of one axis along which windows slide; rows (or columns) of a window and of the padding.
inline constexpr std::int64_t kMostAxis = std::int64_t{1} << 26;
inline constexpr std::int64_t kMostWindow = std::int64_t{1} << 16;

/// Why the costs of a layer on an accelerator cannot be counted whatever the mapping: products
/// could overflow, or windows are so large that counting their words would not end. None for every
/// layer of a real network.
[[nodiscard]] std::optional<Diagnostic> refuse_uncountable(const Layer& layer,
                                                           const Accelerator& accelerator);
/// The same as a yes or no, without allocation.
[[nodiscard]] bool is_countable(const Layer& layer, const Accelerator& accelerator);

}  // namespace hwflow::chip
