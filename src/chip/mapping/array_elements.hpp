#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "chip/mapping/mapping.hpp"

namespace hwflow::chip {

/// Columns and rows of the whole array: all fan-outs of an accelerator, one within the other.
struct ArraySize {
  std::int64_t x = 1, y = 1;
  bool operator==(const ArraySize&) const = default;
};
[[nodiscard]] ArraySize array_size(const Accelerator& accelerator);

/// A place in the array: an element; a row, column or all of it where x, y or both are absent.
struct ArrayUnit {
  std::optional<std::int64_t> x, y;
  bool operator==(const ArrayUnit&) const = default;
};

/// Of every dimension the indices, in rising order, of a layer that a unit of the array works on in
/// the course of a mapping: it computes their combinations and no others. A dimension without any:
/// the unit has no work.
using UnitIndices = std::array<std::vector<std::int64_t>, kDimCount>;

/// `mapping` fits the layer and the accelerator (check()); the unit is within array_size().
[[nodiscard]] UnitIndices unit_indices(const Layer& layer, const Mapping& mapping,
                                       const Accelerator& accelerator, const ArrayUnit& unit);

}  // namespace hwflow::chip
