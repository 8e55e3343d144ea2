#include "tests/train/quant/naive_integer.hpp"

#include <algorithm>
#include <cmath>

#include "train/quant/integer_checks.hpp"

namespace hwflow::train {
namespace {

using Real = long double;

class Naive {
 public:
  Naive(const IntegerNetwork& network, std::span<const std::uint8_t> pixels)
      : network_(network), pixels_(pixels) {}

  NaiveResult run() {
    const auto& nodes = network_.network.nodes();
    result_.read.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (std::size_t edge = 0; edge < network_.nodes[i].inputs.size(); ++edge)
        result_.read[i].push_back(
            codes(values_[index(nodes[i].inputs[edge])], network_.nodes[i].inputs[edge]));
      values_.push_back(value(i));
      for (Real& x : values_.back()) x = activate(nodes[i], x);
    }
    result_.logits = values_.back();
    return result_;
  }

 private:
  static std::size_t index(NodeId id) { return static_cast<std::size_t>(id.value); }

  static Real activate(const Node& node, Real x) {
    if (node.activation == Activation::relu) return std::max<Real>(x, 0);
    if (node.activation == Activation::relu6) return std::clamp<Real>(x, 0, 6);
    return x;
  }

  std::vector<std::int32_t> codes(const std::vector<Real>& x, const QuantizerGrid& grid) {
    std::vector<std::int32_t> result;
    for (const Real v : x) {
      const Real exact = v / static_cast<Real>(grid.scale);
      const Real code = std::floor(exact + 0.5L);
      // A factor off by 2^-31 moves the number by this much; larger ones are clamped anyway.
      const Real slack = std::abs(exact) * 1e-9L + 1e-12L;
      const Real fraction = exact - std::floor(exact);
      const bool inside = code >= grid.low - 1 && code <= grid.high + 1;
      if (inside && std::abs(fraction - 0.5L) < slack) result_.near_tie = true;
      result.push_back(static_cast<std::int32_t>(
          std::clamp<Real>(code, static_cast<Real>(grid.low), static_cast<Real>(grid.high))));
    }
    return result;
  }

  /// x[c][y][x], 0 outside.
  template <class T>
  static T pixel(const std::vector<T>& x, const FeatureShape& shape, std::int64_t c, std::int64_t y,
                 std::int64_t column) {
    if (y < 0 || y >= shape.height || column < 0 || column >= shape.width) return T{0};
    return x[static_cast<std::size_t>((c * shape.height + y) * shape.width + column)];
  }

  std::vector<Real> image(const Node& node) const {
    std::vector<Real> x;
    const std::int64_t area = node.shape.height * node.shape.width;
    for (std::int64_t i = 0; i < node.shape.elements(); ++i) {
      const auto c = static_cast<std::size_t>(i / area);
      // Float arithmetic: the definition of the network's input.
      const float scaled = static_cast<float>(pixels_[static_cast<std::size_t>(i)]) / 255.0F;
      x.push_back((scaled - network_.input_mean[c]) / network_.input_std[c]);
    }
    return x;
  }

  std::vector<Real> convolution(std::size_t i, const FeatureShape& in) const {
    const Node& node = network_.network.nodes()[i];
    const IntegerCompute& w = *network_.nodes[i].compute;
    const std::vector<std::int32_t>& x = result_.read[i][0];
    const ConvShape& c = node.conv;
    const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
    std::vector<Real> out;
    for (std::int64_t k = 0; k < node.shape.channels; ++k)
      for (std::int64_t p = 0; p < node.shape.height; ++p)
        for (std::int64_t q = 0; q < node.shape.width; ++q) {
          std::int64_t sum = w.bias[static_cast<std::size_t>(k)];
          for (std::int64_t ch = 0; ch < group_in; ++ch)
            for (std::int64_t r = 0; r < c.kernel_height; ++r)
              for (std::int64_t s = 0; s < c.kernel_width; ++s) {
                const std::int64_t code =
                    pixel(x, in, k / group_out * group_in + ch, p * c.stride_height + r - c.pad_top,
                          q * c.stride_width + s - c.pad_left);
                sum +=
                    code * w.codes[static_cast<std::size_t>(
                               ((k * group_in + ch) * c.kernel_height + r) * c.kernel_width + s)];
              }
          out.push_back(real(i, k, sum));
        }
    return out;
  }

  Real real(std::size_t i, std::int64_t k, std::int64_t sum) const {
    const IntegerCompute& w = *network_.nodes[i].compute;
    return static_cast<Real>(sum) *
           static_cast<Real>(w.scales[w.scales.size() == 1 ? 0 : static_cast<std::size_t>(k)]) *
           static_cast<Real>(network_.nodes[i].inputs[0].scale);
  }

  std::vector<Real> fully_connected(std::size_t i) const {
    const IntegerCompute& w = *network_.nodes[i].compute;
    const std::vector<std::int32_t>& x = result_.read[i][0];
    std::vector<Real> out;
    for (std::size_t k = 0; k < w.bias.size(); ++k) {
      std::int64_t sum = w.bias[k];
      for (std::size_t j = 0; j < x.size(); ++j)
        sum += std::int64_t{x[j]} * w.codes[k * x.size() + j];
      out.push_back(real(i, static_cast<std::int64_t>(k), sum));
    }
    return out;
  }

  std::vector<Real> pooling(std::size_t i, const FeatureShape& in) const {
    const Node& node = network_.network.nodes()[i];
    const bool maximum = node.kind == NodeKind::max_pooling;
    const std::int64_t height = node.conv.kernel_height == 0 ? in.height : node.conv.kernel_height;
    const std::int64_t width = node.conv.kernel_width == 0 ? in.width : node.conv.kernel_width;
    std::vector<Real> out;
    for (std::int64_t c = 0; c < node.shape.channels; ++c)
      for (std::int64_t p = 0; p < node.shape.height; ++p)
        for (std::int64_t q = 0; q < node.shape.width; ++q) {
          Real best = -1e30L;
          std::int64_t sum = 0;
          for (std::int64_t r = 0; r < height; ++r)
            for (std::int64_t s = 0; s < width; ++s) {
              const std::int64_t y = p * node.conv.stride_height + r * node.conv.dilation_height;
              const std::int64_t x = q * node.conv.stride_width + s * node.conv.dilation_width;
              if (maximum)
                best = std::max(best, pixel(source(i), in, c, y, x));
              else
                sum += pixel(result_.read[i][0], in, c, y, x);
            }
          const Real mean = maximum ? 0
                                    : static_cast<Real>(sum) *
                                          static_cast<Real>(network_.nodes[i].inputs[0].scale) /
                                          static_cast<Real>(height * width);
          out.push_back(maximum ? best : mean);
        }
    return out;
  }

  const std::vector<Real>& source(std::size_t i) const {
    return values_[index(network_.network.nodes()[i].inputs[0])];
  }

  std::vector<Real> moved(std::size_t i, const FeatureShape& in) const {
    const Node& node = network_.network.nodes()[i];
    const bool pads = node.kind == NodeKind::pad;
    std::vector<Real> out;
    for (std::int64_t c = 0; c < node.shape.channels; ++c)
      for (std::int64_t p = 0; p < node.shape.height; ++p)
        for (std::int64_t q = 0; q < node.shape.width; ++q) {
          const std::int64_t from = c - node.channel_pad_before;
          const std::int64_t y = pads ? p - node.conv.pad_top : p * node.conv.stride_height;
          const std::int64_t x = pads ? q - node.conv.pad_left : q * node.conv.stride_width;
          const bool exists = from >= 0 && from < in.channels;
          out.push_back(exists ? pixel(source(i), in, from, y, x) : 0);
        }
    return out;
  }

  std::vector<Real> sum(std::size_t i) const {
    const std::vector<QuantizerGrid>& grids = network_.nodes[i].inputs;
    std::vector<Real> out;
    for (std::size_t j = 0; j < result_.read[i][0].size(); ++j)
      out.push_back(result_.read[i][0][j] * static_cast<Real>(grids[0].scale) +
                    result_.read[i][1][j] * static_cast<Real>(grids[1].scale));
    return out;
  }

  std::vector<Real> value(std::size_t i) const {
    const Node& node = network_.network.nodes()[i];
    if (node.kind == NodeKind::input) return image(node);
    const FeatureShape in = network_.network.node(node.inputs[0]).shape;
    switch (node.kind) {
      case NodeKind::convolution: return convolution(i, in);
      case NodeKind::fully_connected: return fully_connected(i);
      case NodeKind::max_pooling:
      case NodeKind::average_pooling: return pooling(i, in);
      case NodeKind::pad:
      case NodeKind::subsample: return moved(i, in);
      case NodeKind::add: return sum(i);
      case NodeKind::concat: {
        std::vector<Real> out;
        for (const NodeId id : node.inputs)
          out.insert(out.end(), values_[index(id)].begin(), values_[index(id)].end());
        return out;
      }
      default: return source(i);
    }
  }

  const IntegerNetwork& network_;
  std::span<const std::uint8_t> pixels_;
  std::vector<std::vector<Real>> values_;
  NaiveResult result_;
};

}  // namespace

NaiveResult run_naively(const IntegerNetwork& network, std::span<const std::uint8_t> pixels) {
  return Naive(network, pixels).run();
}

}  // namespace hwflow::train
