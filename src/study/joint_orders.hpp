#pragma once

#include <cstddef>
#include <vector>

#include "study/strategy_ledger.hpp"

namespace hwflow::study {

/// Searches for plans with their designs in mind. NSGA-II on the error and the volume of the front
/// of designs; a plan is measured only when its designs pass the gate. Those that do not are ranked
/// behind all others by what they exceed the limits by, and so are, by their error, those that are
/// not accurate enough.
/// Source  Deb et al., IEEE TEC 6(2), 2002, section VI (constrained domination).
void search_nested(StrategyLedger& ledger, const SearchOptions& options);

/// Searches for plans by error and bit operations, measuring each, and then for designs of those
/// that the study's order keeps: of the front, or of all.
void search_sequential(StrategyLedger& ledger, const SearchOptions& options);

/// Of the first `known` strategies those whose designs count for pairs.
[[nodiscard]] std::vector<std::size_t> kept_plans(const StrategyLedger& ledger, SearchOrder order,
                                                  std::size_t known);

/// MACs times both widths, of all layers, for one image.
[[nodiscard]] double bit_operations(const Network& network, const CompressionPlan& plan);

}  // namespace hwflow::study
