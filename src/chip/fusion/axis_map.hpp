#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hwflow::chip {

/// What one axis of a node's output asks of the same axis of one of its inputs.
struct AxisStage {
  enum class Kind : std::uint8_t {
    window,  ///< in = out * stride + offset + k * dilation, k in [0, kernel)
    spread,  ///< transposed convolution: out = in * stride + offset + k * dilation
    whole,   ///< every output reads all of [0, extent)
    scale,   ///< resize: the neighbours of out * extent / out_extent
  } kind = Kind::window;
  std::int64_t kernel = 1, stride = 1, dilation = 1, offset = 0;
  std::int64_t extent = 1;      ///< of what is read; indices outside are padding
  std::int64_t out_extent = 1;  ///< of the node
  bool operator==(const AxisStage&) const = default;
};

/// Rows (or columns) of a tensor that each row of a layer reads, through all views between them:
/// a list of the taps of every row, made once for a network.
/// Checked by  tests/support/fused_simulator, which derives the indices from the nodes.
class AxisMap {
 public:
  /// `stages` from the layer to the tensor, at least one.
  explicit AxisMap(const std::vector<AxisStage>& stages);

  [[nodiscard]] std::int64_t outputs() const {
    return static_cast<std::int64_t>(starts_.size()) - 1;
  }
  /// Indices that `output` reads, ascending; none where all is padding.
  [[nodiscard]] std::span<const std::int32_t> taps(std::int64_t output) const {
    const auto place = static_cast<std::size_t>(output);
    return std::span(taps_).subspan(starts_[place], starts_[place + 1] - starts_[place]);
  }
  /// After so many outputs the taps repeat, shifted (strides of transposed convolutions).
  [[nodiscard]] std::int64_t period() const noexcept { return period_; }

 private:
  std::vector<std::int32_t> taps_;
  std::vector<std::size_t> starts_;
  std::int64_t period_ = 1;
};

}  // namespace hwflow::chip
