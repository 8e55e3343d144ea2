#pragma once

#include <cstddef>
#include <vector>

#include "chip/fusion/group.hpp"

namespace hwflow::chip {

/// Cost of a part in two additive quantities; the second is 0 where one is asked for.
struct PartCost {
  double first = 0.0, second = 0.0;
};

/// How the sums over all parts are judged.
enum class PartitionGoal : std::uint8_t {
  sum,      ///< of the first quantity
  product,  ///< of both sums (EDP)
};

[[nodiscard]] double value_of(const PartCost& sum, PartitionGoal goal);

/// One way to run a slice.
struct PartOption {
  Slice slice;
  PartCost cost;
};

struct Partition {
  double value = 0.0;
  std::vector<std::size_t> options;  ///< indices, in order of the slices
};

/// The cheapest way to cover [0, layers) with slices one after the other: a shortest path. For
/// the product all sums that no other one beats are kept at every cut.
/// Returns  no options where there is no cover.
/// Checked by  enumeration of all covers.
[[nodiscard]] Partition cheapest_partition(std::size_t layers,
                                           const std::vector<PartOption>& options,
                                           PartitionGoal goal);

}  // namespace hwflow::chip
