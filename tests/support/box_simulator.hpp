#pragma once

#include <cstdint>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// Words of one operand over one boundary when tiles are boxes.
struct BoxedBoundary {
  std::size_t operand = 0;
  std::size_t parent = 0, child = 0;  ///< child = level count for the compute units
  std::int64_t reads = 0, fills = 0, updates = 0, drains = 0;
};

/// Walks the steps of a mapping with ragged tiles one by one and looks at the box of every instance
/// (docs/model.md, "Boxes"); nothing of the code under src/chip/cost is used. No forwarding.
[[nodiscard]] std::vector<BoxedBoundary> simulate_boxes(const Layer& layer,
                                                        const chip::Accelerator& accelerator,
                                                        const chip::Mapping& mapping);

}  // namespace hwflow::testing
