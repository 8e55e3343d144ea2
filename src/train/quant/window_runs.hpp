#pragma once

#include <algorithm>
#include <cstdint>

#include "workload/operator.hpp"

namespace hwflow::train {

/// The input pixels that output pixel (row, column) of a convolution reads, as runs of neighbours:
/// visit(first pixel, pixel after the last, tap of the first, column of the first).
template <class Visit>
inline __attribute__((always_inline)) void for_each_run(const ConvShape& conv, std::int64_t row,
                                                        std::int64_t column, const Visit& visit) {
  const std::int64_t left = column * conv.stride_width - conv.pad_left;
  const std::int64_t step = conv.dilation_width == 1 ? conv.kernel_width : 1;
  for (std::int64_t r = 0; r < conv.kernel_height; ++r) {
    const std::int64_t y = row * conv.stride_height + r * conv.dilation_height - conv.pad_top;
    if (y < 0 || y >= conv.in_height) continue;
    for (std::int64_t s = 0; s < conv.kernel_width; s += step) {
      const std::int64_t x = left + s * conv.dilation_width;
      const std::int64_t first = std::max<std::int64_t>(x, 0);
      const std::int64_t end = std::min(x + step, conv.in_width);
      if (first >= end) continue;
      const std::int64_t start = y * conv.in_width;
      visit(start + first, start + end, r * conv.kernel_width + s + first - x, first);
    }
  }
}

}  // namespace hwflow::train
