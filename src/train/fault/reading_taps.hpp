#pragma once

#include <cstdint>
#include <vector>

#include "workload/network.hpp"

namespace hwflow::train::fault {

/// Which output pixels of a window operator read an input pixel, and through which filter tap.
class ReadingTaps {
 public:
  ReadingTaps() = default;
  ReadingTaps(const ConvShape& conv, const FeatureShape& in, const FeatureShape& out)
      : rows_(axis(in.height, out.height, conv.kernel_height, conv.stride_height,
                   conv.dilation_height, conv.pad_top)),
        columns_(axis(in.width, out.width, conv.kernel_width, conv.stride_width,
                      conv.dilation_width, conv.pad_left)),
        kernel_width_(conv.kernel_width),
        out_width_(out.width) {}

  /// Calls visit(tap, output pixel), tap = filter row * filter width + filter column.
  template <class Visit>
  void for_each(std::int64_t row, std::int64_t column, const Visit& visit) const {
    for (const Reader& r : rows_[static_cast<std::size_t>(row)])
      for (const Reader& c : columns_[static_cast<std::size_t>(column)])
        visit(r.tap * kernel_width_ + c.tap, r.output * out_width_ + c.output);
  }

 private:
  struct Reader {
    std::int64_t tap = 0, output = 0;
  };
  /// Of every input position along one axis.
  static std::vector<std::vector<Reader>> axis(std::int64_t in, std::int64_t out,
                                               std::int64_t kernel, std::int64_t stride,
                                               std::int64_t dilation, std::int64_t pad) {
    std::vector<std::vector<Reader>> readers(static_cast<std::size_t>(in));
    for (std::int64_t p = 0; p < out; ++p)
      for (std::int64_t r = 0; r < kernel; ++r) {
        const std::int64_t at = p * stride + r * dilation - pad;
        if (at >= 0 && at < in) readers[static_cast<std::size_t>(at)].push_back({r, p});
      }
    return readers;
  }

  std::vector<std::vector<Reader>> rows_, columns_;
  std::int64_t kernel_width_ = 1, out_width_ = 1;
};

}  // namespace hwflow::train::fault
