#pragma once

#include <map>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "chip/overlay/cost_table.hpp"

namespace hwflow::chip {

/// The distinct products of a network, and how often each occurs.
/// Errors  those of matrix_product(), of all layers; totals that may pass 2^53.
[[nodiscard]] Expected<std::map<MatrixProduct, std::int64_t>> distinct_products(
    std::span<const Layer> layers, const OverlayOptions& options);

/// A table that counts several times.
struct CountedTable {
  const CostTable* table = nullptr;
  double count = 1.0;
};

/// Sums of tables of `size` costs, all exact.
[[nodiscard]] CostTable sum_of(std::span<const CountedTable> tables, std::size_t size);

}  // namespace hwflow::chip
