#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// A loop of a mapping as the simulators walk it.
struct WalkedLoop {
  Dim dim = Dim::n;
  bool spatial = false;
  std::size_t level = 0;
  std::int64_t bound = 1;
  std::int64_t above = 1;  ///< elements over which it turns, where no loop cuts them short
  std::int64_t tile = 1;   ///< elements below one iteration
};

/// All loops of a mapping, outermost first; within a level temporal ones, rows, columns.
[[nodiscard]] std::vector<WalkedLoop> walked_loops(const Layer& layer,
                                                   const chip::Mapping& mapping);

}  // namespace hwflow::testing
