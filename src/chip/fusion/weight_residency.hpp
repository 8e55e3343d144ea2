#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace hwflow::chip {

/// Weights of one layer of a group.
struct WeightTensor {
  std::int64_t bits = 0;
  std::int64_t staging_bits = 0;  ///< of the parts on their way, when they are streamed
  std::int64_t times = 1;         ///< fetched so often, when they are streamed
};

/// Which weights stay on chip so that least is fetched: those that do not are streamed through one
/// staging buffer, as large as the largest of them needs.
/// Returns  one flag a tensor; nothing when no choice fits into `room_bits`.
/// Cost     exact; branch and bound over tensors of equal size together.
/// Checked by  enumeration of all subsets.
[[nodiscard]] std::optional<std::vector<bool>> choose_residents(
    const std::vector<WeightTensor>& weights, std::int64_t room_bits);

}  // namespace hwflow::chip
