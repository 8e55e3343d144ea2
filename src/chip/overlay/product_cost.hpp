#pragma once

#include <array>
#include <cstdint>

#include "chip/overlay/design_space.hpp"
#include "chip/overlay/matrix_product.hpp"

namespace hwflow::chip {

/// Which operand lies in the left memory (dm rows of bm entries), and which one's stripes stay
/// while the other one's pass.
struct ProductOrder {
  bool weights_left = true;
  bool weights_outer = true;
  bool operator==(const ProductOrder&) const = default;
};
inline constexpr std::array<ProductOrder, 4> kProductOrders{
    {{true, true}, {true, false}, {false, true}, {false, false}}};

/// What lies in the tile memories while a result tile is computed. A stripe is dm (dn) rows over
/// all of k with all bit planes.
enum class Holding : std::uint8_t {
  stripes,  ///< a stripe of either operand
  outer,    ///< a stripe of the outer operand; the inner one streams by, chunk after chunk
  nothing,  ///< both stream
};

/// How a product runs; see docs/model.md, section 8.
struct ProductSchedule {
  ProductOrder order;
  Holding holding = Holding::stripes;
  std::int64_t passes = 1;  ///< of the inner operand past the outer one
  std::int64_t block = 1;   ///< stripes of the outer operand that stay for a pass; the first pass
                            ///< has what is left over
  std::int64_t chunks = 1;  ///< parts of k, all of `chunk_words`, the last one padded
  std::int64_t chunk_words = 1;  ///< memory entries of one plane
  bool planes_apart = false;     ///< what streams is fetched again for every pair of planes
  bool operator==(const ProductSchedule&) const = default;
};

/// All `count` products, one after another.
struct ProductCost {
  std::int64_t cycles = 0;  ///< from the first fetch to the last result in DRAM
  std::int64_t execute_cycles = 0, fetch_cycles = 0, result_cycles = 0;  ///< stages at work
  std::int64_t fetch_bits = 0, result_bits = 0;                          ///< of DRAM
  ProductSchedule schedule;

  [[nodiscard]] std::int64_t dram_bits() const { return fetch_bits + result_bits; }
  bool operator==(const ProductCost&) const = default;
};

/// Cost in one order. Design and options are valid.
/// Cost        O(1), no allocation.
/// Checked by  tests/support/overlay_simulator, instruction by instruction.
[[nodiscard]] ProductCost cost_in_order(const MatrixProduct& product, const BismoShape& design,
                                        const OverlayOptions& options, ProductOrder order);

/// The order that the rule prefers; of equals the first of kProductOrders.
[[nodiscard]] ProductCost best_cost(const MatrixProduct& product, const BismoShape& design,
                                    const OverlayOptions& options, ScheduleRule rule);

/// Is `a` better than `b` under the rule?
[[nodiscard]] bool is_preferred(const ProductCost& a, const ProductCost& b, ScheduleRule rule);

}  // namespace hwflow::chip
