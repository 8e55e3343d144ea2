#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "workload/dims.hpp"

namespace hwflow {

/// coefficient * (index of loop `dim`).
struct AffineTerm {
  Dim dim = Dim::n;
  std::int64_t coefficient = 1;
  bool operator==(const AffineTerm&) const = default;
};

/// One axis of an operand: index = offset + sum of terms. Indices outside [0, extent) are padding:
/// they exist in the loop nest but are neither stored nor moved.
struct Rank {
  std::vector<AffineTerm>
      terms;  ///< at most two; dims of distinct ranks of an operand are distinct
  std::int64_t offset = 0;
  std::int64_t extent = 1;
  bool operator==(const Rank&) const = default;
};

/// A tensor read or written by the loop nest.
struct Operand {
  std::string name;  ///< "weights", "inputs", "outputs", "inputs2"
  Role role = Role::inputs;
  std::vector<Rank> ranks;

  [[nodiscard]] bool indexed_by(Dim dim) const;
  /// Elements of the whole tensor (product of extents).
  [[nodiscard]] std::int64_t elements() const;
  bool operator==(const Operand&) const = default;
};

/// What one innermost iteration does.
enum class Arithmetic : std::uint8_t { multiply_accumulate, compare, add, multiply };

/// An affine loop nest over the eight dimensions with any number of operands (exactly one output).
///
/// Convolution (plain, grouped, depthwise, dilated, transposed), fully connected, matrix product,
/// pooling and element-wise layers are all instances; nothing downstream asks which one it is.
/// Transposed convolution: p, q run over *input* pixels and the output ranks slide
/// (p*stride + r*dilation - pad).
/// Errors  make() rejects bounds < 1, more than 2^53 iterations, no or several outputs, a dimension
///         in two terms of one operand, ranks of more than two terms, coefficients < 1, extents <
///         1, operands of more than 2^53 elements.
class Operator {
 public:
  [[nodiscard]] static Expected<Operator> make(const DimArray& bounds,
                                               std::vector<Operand> operands,
                                               Arithmetic arithmetic);

  [[nodiscard]] const DimArray& bounds() const noexcept { return bounds_; }
  [[nodiscard]] std::int64_t bound(Dim dim) const noexcept { return bounds_[index(dim)]; }
  [[nodiscard]] const std::vector<Operand>& operands() const noexcept { return operands_; }
  [[nodiscard]] const Operand& output() const;
  [[nodiscard]] Arithmetic arithmetic() const noexcept { return arithmetic_; }
  /// Iterations of the whole nest, those that read padding included.
  [[nodiscard]] std::int64_t iterations() const noexcept { return iterations_; }
  /// iterations() for multiply_accumulate, 0 for everything else.
  [[nodiscard]] std::int64_t macs() const noexcept;

  bool operator==(const Operator&) const = default;

 private:
  Operator(const DimArray& bounds, std::vector<Operand> operands, Arithmetic arithmetic,
           std::int64_t iterations);

  DimArray bounds_;
  std::vector<Operand> operands_;
  Arithmetic arithmetic_;
  std::int64_t iterations_;
};

/// Plain description of a 2-D convolution; sizes in elements, pads in input pixels.
struct ConvShape {
  std::int64_t n = 1;            ///< batch
  std::int64_t in_channels = 1;  ///< of all groups together
  std::int64_t out_channels = 1;
  std::int64_t groups = 1;
  std::int64_t in_height = 1, in_width = 1;  ///< without padding
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t stride_height = 1, stride_width = 1;
  std::int64_t dilation_height = 1, dilation_width = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  std::int64_t output_pad_height = 0, output_pad_width = 0;  ///< transposed convolution only

  /// Every group reads one channel of several; it may make more than one.
  [[nodiscard]] bool is_depthwise() const { return groups > 1 && groups == in_channels; }
  [[nodiscard]] std::int64_t out_height() const;  ///< plain convolution
  [[nodiscard]] std::int64_t out_width() const;
  [[nodiscard]] std::int64_t transposed_out_height() const;  ///< transposed convolution
  [[nodiscard]] std::int64_t transposed_out_width() const;
  bool operator==(const ConvShape&) const = default;
};

/// Channels are indexed by g*channels_per_group + channel; where one of the two can only be 0 its
/// term is left out, so a plain convolution has no g term and a depthwise one no k and c channel
/// term. Weights have the ranks (out, c, r, s), those of a transposed convolution (in, k, r, s).
/// Errors  any size < 1, negative pads, channels not divisible by groups, empty output.
[[nodiscard]] Expected<Operator> make_convolution(const ConvShape& shape);
[[nodiscard]] Expected<Operator> make_transposed_convolution(const ConvShape& shape);
/// Max or average pooling: a depthwise nest without weights (channels on `g`).
[[nodiscard]] Expected<Operator> make_pooling(const ConvShape& shape, Arithmetic arithmetic);
/// out[n,k] = sum_c in[n,c] w[k,c].
[[nodiscard]] Expected<Operator> make_fully_connected(std::int64_t n, std::int64_t in_features,
                                                      std::int64_t out_features);
/// out[g,p,k] = sum_c a[g,p,c] b[g,c,k]; b has the role of weights when it is constant.
[[nodiscard]] Expected<Operator> make_matrix_product(std::int64_t batch, std::int64_t rows,
                                                     std::int64_t inner, std::int64_t columns,
                                                     bool constant_right);
/// Element-wise with one or two inputs over n, k, p, q.
[[nodiscard]] Expected<Operator> make_elementwise(std::int64_t n, std::int64_t channels,
                                                  std::int64_t height, std::int64_t width,
                                                  int inputs, Arithmetic arithmetic);
/// As make_elementwise, over (channels, height, width); an input of extent 1 along an axis is read
/// again for every index of that axis. Errors  an extent that is neither 1 nor the output's.
[[nodiscard]] Expected<Operator> make_broadcast_elementwise(
    std::int64_t n, const std::array<std::int64_t, 3>& output,
    const std::vector<std::array<std::int64_t, 3>>& inputs, Arithmetic arithmetic);

}  // namespace hwflow
