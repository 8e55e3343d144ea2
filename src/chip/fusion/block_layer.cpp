#include "chip/fusion/block_layer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow::chip {
namespace {

bool is_depthwise(const ConvShape& conv) {
  return conv.groups > 1 && conv.groups == conv.in_channels && conv.groups == conv.out_channels;
}

void take_channels(ConvShape& conv, std::int64_t channels) {
  if (is_depthwise(conv))
    conv.groups = conv.in_channels = conv.out_channels = channels;
  else if (conv.groups == 1)
    conv.out_channels = channels;
}

void drop_padding(ConvShape& conv) {
  conv.pad_top = conv.pad_left = conv.pad_bottom = conv.pad_right = 0;
  conv.output_pad_height = conv.output_pad_width = 0;
}

/// Where the windows of a layer lie along one axis of its input.
struct Windows {
  std::int64_t kernel = 1, stride = 1, dilation = 1;
  std::int64_t pad = 0, extent = 1;
  [[nodiscard]] std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
};

Windows windows_of(const ConvShape& conv, Axis axis) {
  const bool rows = axis == Axis::rows;
  Windows windows{rows ? conv.kernel_height : conv.kernel_width,
                  rows ? conv.stride_height : conv.stride_width,
                  rows ? conv.dilation_height : conv.dilation_width,
                  rows ? conv.pad_top : conv.pad_left, rows ? conv.in_height : conv.in_width};
  if (windows.kernel == 0)
    windows = {.kernel = windows.extent, .extent = windows.extent};  // global
  return windows;
}

/// Inputs between the first tap of the first window and the last tap of the last.
std::int64_t reach(const Windows& windows, std::int64_t size, std::int64_t spacing) {
  return (size - 1) * spacing * windows.stride + windows.reach();
}

ConvShape window_block(ConvShape conv, const Block& block) {
  const Windows down = windows_of(conv, Axis::rows), across = windows_of(conv, Axis::columns);
  drop_padding(conv);
  conv.kernel_height = down.kernel;
  conv.kernel_width = across.kernel;
  conv.dilation_height = down.dilation;
  conv.dilation_width = across.dilation;
  conv.stride_height = down.stride * block.rows.spacing;
  conv.stride_width = across.stride * block.columns.spacing;
  conv.in_height = reach(down, block.rows.size + block.rows.idle, block.rows.spacing);
  conv.in_width = reach(across, block.columns.size + block.columns.idle, block.columns.spacing);
  return conv;
}

/// Input rows whose windows cover `out` output rows, and what is cut off them or added.
void spread_axis(std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
                 std::int64_t& in, std::int64_t& cut, std::int64_t& more) {
  in = std::max<std::int64_t>(1, (out + stride - 1) / stride);
  const std::int64_t reached = (in - 1) * stride + (kernel - 1) * dilation + 1;
  cut = std::max<std::int64_t>(0, reached - out);
  more = std::max<std::int64_t>(0, out - reached);
}

ConvShape spread_block(ConvShape conv, const Block& block) {
  drop_padding(conv);
  spread_axis(block.rows.size + block.rows.idle, conv.kernel_height, conv.stride_height,
              conv.dilation_height, conv.in_height, conv.pad_bottom, conv.output_pad_height);
  spread_axis(block.columns.size + block.columns.idle, conv.kernel_width, conv.stride_width,
              conv.dilation_width, conv.in_width, conv.pad_right, conv.output_pad_width);
  return conv;
}

Expected<Operator> elementwise_block(const FusionLayer& layer, const Block& block) {
  const auto part = [](std::int64_t size, std::int64_t of, std::int64_t all) {
    return of == 1 || size == all ? of : size;  // 1: broadcast
  };
  const std::int64_t rows = block.rows.size + block.rows.idle;
  const std::int64_t columns = block.columns.size + block.columns.idle;
  std::vector<std::array<std::int64_t, 3>> inputs;
  for (const FeatureShape& in : layer.inputs)
    inputs.push_back({part(in.channels, block.channels, layer.shape.channels),
                      part(in.height, rows, layer.shape.height),
                      part(in.width, columns, layer.shape.width)});
  return make_broadcast_elementwise(1, {block.channels, rows, columns}, inputs,
                                    layer.layer.op.arithmetic());
}

Expected<Operator> block_operator(const FusionLayer& layer, const Block& block) {
  ConvShape conv = layer.description.conv;
  conv.n = 1;
  switch (layer.description.kind) {
    case NodeKind::convolution:
      take_channels(conv, block.channels);
      return make_convolution(window_block(conv, block));
    case NodeKind::transposed_convolution:
      take_channels(conv, block.channels);
      return make_transposed_convolution(spread_block(conv, block));
    case NodeKind::max_pooling:
    case NodeKind::average_pooling:
      conv.groups = conv.in_channels = conv.out_channels = block.channels;
      return make_pooling(window_block(conv, block), layer.layer.op.arithmetic());
    case NodeKind::fully_connected:
      return make_fully_connected(1, conv.in_channels, block.channels);
    case NodeKind::add:
    case NodeKind::multiply: return elementwise_block(layer, block);
    default: return layer.layer.op;
  }
}

bool has_windows(const FusionLayer& layer) {
  switch (layer.description.kind) {
    case NodeKind::convolution:
    case NodeKind::max_pooling:
    case NodeKind::average_pooling: return true;
    default: return false;
  }
}

/// Cuts an axis of the inputs to what lies on the map.
void cut_axis(const BlockAxis& block, const Windows& windows, Rank& rank) {
  const std::int64_t reached = reach(windows, block.size, block.spacing);
  const std::int64_t real = reached - block.padding_before - block.padding_behind;
  rank.offset = real > 0 ? -block.padding_before : -rank.extent;  // nothing: all lies before it
  rank.extent = std::max<std::int64_t>(1, real);
}

/// The operator over the inputs that lie on the map.
Operator cut_to_map(const Operator& op, const ConvShape& conv, const Block& block) {
  std::vector<Operand> operands = op.operands();
  for (Operand& operand : operands) {
    if (operand.role != Role::inputs) continue;
    for (Rank& rank : operand.ranks) {
      for (const AffineTerm& term : std::vector<AffineTerm>(rank.terms)) {
        if (term.dim == Dim::p) cut_axis(block.rows, windows_of(conv, Axis::rows), rank);
        if (term.dim == Dim::q) cut_axis(block.columns, windows_of(conv, Axis::columns), rank);
      }
    }
  }
  auto made = Operator::make(op.bounds(), std::move(operands), op.arithmetic());
  HWFLOW_CHECK(made.has_value(), "a block became invalid at the border of its map");
  return std::move(*made);
}

bool is_spaced_evenly(std::span<const std::int64_t> indices) {
  for (std::size_t i = 2; i < indices.size(); ++i)
    if (indices[i] - indices[i - 1] != indices[1] - indices[0]) return false;
  return true;
}

/// The next size without prime factors above 7.
std::int64_t next_smooth(std::int64_t size) {
  for (;; ++size) {
    std::int64_t rest = size;
    for (const std::int64_t factor : {2, 3, 5, 7})
      while (rest % factor == 0) rest /= factor;
    if (rest == 1) return size;
  }
}

}  // namespace

Block with_idle(Block block) {
  block.rows.idle = next_smooth(block.rows.size) - block.rows.size;
  block.columns.idle = next_smooth(block.columns.size) - block.columns.size;
  return block;
}

BlockAxis block_axis(const FusionLayer& layer, Axis axis, std::span<const std::int64_t> indices) {
  BlockAxis block;
  block.size = static_cast<std::int64_t>(indices.size());
  if (!has_windows(layer) || !is_spaced_evenly(indices)) return block;
  const Windows windows = windows_of(layer.description.conv, axis);
  if (block.size > 1) block.spacing = indices[1] - indices[0];
  const std::int64_t first = indices.front() * windows.stride - windows.pad;
  const std::int64_t end = first + reach(windows, block.size, block.spacing);
  block.padding_before = std::max<std::int64_t>(0, -first);
  block.padding_behind = std::max<std::int64_t>(0, end - windows.extent);
  return block;
}

bool has_separable_channels(const FusionLayer& layer) {
  switch (layer.description.kind) {
    case NodeKind::convolution:
    case NodeKind::transposed_convolution:
      return layer.description.conv.groups == 1 || is_depthwise(layer.description.conv);
    case NodeKind::matrix_product: return false;
    default: return true;
  }
}

Layer whole_block_layer(const FusionLayer& layer, const Block& block, int output_bits) {
  auto op = block_operator(layer, block);
  HWFLOW_CHECK(op.has_value(),
               "no operator for a block of " + layer.layer.name + ": " + to_text(op.error()));
  Layer made{layer.layer.name, std::move(*op), layer.layer.bits};
  made.bits.outputs = output_bits;
  return made;
}

Layer block_layer(const FusionLayer& layer, const Block& block, int output_bits) {
  Layer made = whole_block_layer(layer, block, output_bits);
  if (has_windows(layer)) made.op = cut_to_map(made.op, layer.description.conv, block);
  return made;
}

}  // namespace hwflow::chip
