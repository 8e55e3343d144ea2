#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// Parts of an array of compute units that work side by side: so many columns (or rows, whichever
/// are more) of the mesh behind the outermost fan-out with several instances.
class ArrayShares {
 public:
  explicit ArrayShares(const Accelerator& machine);

  /// Columns that may be handed out; 1: the array cannot be cut.
  [[nodiscard]] std::int64_t columns() const noexcept {
    return static_cast<std::int64_t>(machines_.size());
  }
  /// The machine with `columns` of them, 1 to columns().
  [[nodiscard]] const Accelerator& machine(std::int64_t columns) const {
    return machines_[static_cast<std::size_t>(columns - 1)];
  }

 private:
  std::vector<Accelerator> machines_;  ///< by columns, from 1
};

/// Shares of at least 1 that make the longest of several times as short as can be; columns that
/// make nothing shorter are left over. `cycles`: [stage][columns - 1]; more columns that take
/// longer are as good as fewer, the rest of them idle. Returns  none when there are more stages
/// than columns. Checked by  trying all shares.
[[nodiscard]] std::optional<std::vector<std::int64_t>> share_out(
    const std::vector<std::vector<std::int64_t>>& cycles);

}  // namespace hwflow::chip
