#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/mapper.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// Least value of every objective (indexed by Objective) over a whole map space.
struct ExhaustiveOptimum {
  std::array<std::optional<double>, 4> best;
  std::int64_t mappings = 0;  ///< evaluated
  /// Energy, cycles and DRAM bits of those that can run, each combination once.
  std::set<std::array<double, 3>> costs;
};

/// Evaluates every mapping: all bounds at every place, all orders of the temporal loops. Written
/// apart from src/chip/mapper: plain recursion over Mapping objects, nothing collapsed or bounded.
/// None when there are more than `limit` mappings.
[[nodiscard]] std::optional<ExhaustiveOptimum> map_exhaustively(
    const Layer& layer, const chip::Accelerator& accelerator, chip::MapperOptions::Factors factors,
    std::int64_t limit);

/// How many mappings map_exhaustively() would evaluate, none of them evaluated; none when more than
/// `limit`.
[[nodiscard]] std::optional<std::int64_t> count_mappings(const Layer& layer,
                                                         const chip::Accelerator& accelerator,
                                                         chip::MapperOptions::Factors factors,
                                                         std::int64_t limit);

}  // namespace hwflow::testing
