#pragma once

#include <cstdint>
#include <vector>

#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// All that a fault-free run of one image made. Reused from image to image.
struct Golden {
  integer::Workspace workspace;  ///< codes of all slots; logits
  /// Of each compute node with a narrow kernel: as integer::compute_sums(). Of each average
  /// pooling of narrow codes: sums without offsets, (row, column, channel), channels filled up
  /// likewise. Of other nodes: none.
  std::vector<std::vector<std::int32_t>> sums;
};

[[nodiscard]] Golden make_golden(const integer::Plan& plan);
/// `pixels`: planes of bytes.
void run_golden(const integer::Plan& plan, const std::uint8_t* pixels, Golden& golden);

/// Dense or depthwise: nodes whose sums are kept as int32.
[[nodiscard]] bool has_narrow_sums(const integer::Plan& plan, std::size_t node);
/// An average pooling that reads bytes.
[[nodiscard]] bool is_narrow_average(const integer::Plan& plan, std::size_t node);

}  // namespace hwflow::train::fault
