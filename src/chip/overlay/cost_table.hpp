#pragma once

#include <vector>

#include "chip/overlay/design_list.hpp"
#include "chip/overlay/product_cost.hpp"

namespace hwflow::chip {

/// Cycles and DRAM bits of one product on every listed design under every rule: of design i and
/// rule r at [i * rules + r]. Whole numbers that doubles hold exactly.
struct CostTable {
  std::vector<double> cycles, dram_bits;
  [[nodiscard]] std::size_t bytes() const {
    return (cycles.size() + dram_bits.size()) * sizeof(double);
  }
};

/// Designs whose memories hold the same parts of both operands are costed once.
/// Checked by  tests/chip/overlay/cost_table_test.cpp, against best_cost().
[[nodiscard]] CostTable make_cost_table(const MatrixProduct& product, const DesignList& designs,
                                        const OverlayOptions& options,
                                        const std::vector<ScheduleRule>& rules);

}  // namespace hwflow::chip
