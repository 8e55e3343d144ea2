#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/overlay/product_cost.hpp"

namespace hwflow::testing {

/// Two matrices of signed integers: weights (m x k) and inputs (k x n), row by row.
struct ProductData {
  std::vector<std::int64_t> weights, inputs;
};

/// One product (of `count`) executed by an overlay.
struct OverlayRun {
  std::int64_t cycles = 0;
  std::int64_t execute_cycles = 0, fetch_cycles = 0, result_cycles = 0;
  std::int64_t fetch_bits = 0, result_bits = 0;
  std::vector<std::int64_t> results;  ///< m x n, row by row
  /// Broken promises: an address beyond a memory or its region, a read of what is not there (yet,
  /// or any more), a result that is never written.
  std::vector<std::string> faults;
};

/// Lets each stage work through its queue of the program (overlay_program) in order, waiting for
/// tokens, regions and result buffers, and computes the product plane by plane from what lies in
/// the tile memories at that time. Takes of the schedule how the product is cut up; counts, times
/// and addresses are its own.
[[nodiscard]] OverlayRun simulate_overlay(const chip::MatrixProduct& product,
                                          const chip::BismoShape& design,
                                          const chip::OverlayOptions& options,
                                          const chip::ProductSchedule& schedule,
                                          const ProductData& data);

}  // namespace hwflow::testing
