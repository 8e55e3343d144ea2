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

ConvShape window_block(ConvShape conv, const Block& block) {
  drop_padding(conv);
  if (conv.kernel_height == 0) conv.kernel_height = conv.in_height;  // global pooling
  if (conv.kernel_width == 0) conv.kernel_width = conv.in_width;
  conv.in_height =
      (block.rows - 1) * conv.stride_height + (conv.kernel_height - 1) * conv.dilation_height + 1;
  conv.in_width =
      (block.columns - 1) * conv.stride_width + (conv.kernel_width - 1) * conv.dilation_width + 1;
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
  spread_axis(block.rows, conv.kernel_height, conv.stride_height, conv.dilation_height,
              conv.in_height, conv.pad_bottom, conv.output_pad_height);
  spread_axis(block.columns, conv.kernel_width, conv.stride_width, conv.dilation_width,
              conv.in_width, conv.pad_right, conv.output_pad_width);
  // Cut at both sides, less than a window at each.
  conv.pad_top = conv.pad_bottom / 2;
  conv.pad_bottom -= conv.pad_top;
  conv.pad_left = conv.pad_right / 2;
  conv.pad_right -= conv.pad_left;
  return conv;
}

Expected<Operator> elementwise_block(const FusionLayer& layer, const Block& block) {
  const auto part = [](std::int64_t size, std::int64_t of, std::int64_t all) {
    return size == all ? of : size;
  };
  std::vector<std::array<std::int64_t, 3>> inputs;
  for (const FeatureShape& in : layer.inputs)
    inputs.push_back({part(in.channels, block.channels, layer.shape.channels),
                      part(in.height, block.rows, layer.shape.height),
                      part(in.width, block.columns, layer.shape.width)});
  return make_broadcast_elementwise(1, {block.channels, block.rows, block.columns}, inputs,
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

}  // namespace

bool has_separable_channels(const FusionLayer& layer) {
  switch (layer.description.kind) {
    case NodeKind::convolution:
    case NodeKind::transposed_convolution:
      return layer.description.conv.groups == 1 || is_depthwise(layer.description.conv);
    case NodeKind::matrix_product: return false;
    default: return true;
  }
}

Layer block_layer(const FusionLayer& layer, const Block& block, int output_bits) {
  auto op = block_operator(layer, block);
  HWFLOW_CHECK(op.has_value(),
               "no operator for a block of " + layer.layer.name + ": " + to_text(op.error()));
  Layer made{layer.layer.name, std::move(*op), layer.layer.bits};
  made.bits.outputs = output_bits;
  return made;
}

}  // namespace hwflow::chip
