#include "tests/support/tap_paths.hpp"

#include <utility>

namespace hwflow::testing {
namespace {

using chip::Axis;

std::int64_t along(const FeatureShape& shape, Axis axis) {
  return axis == Axis::rows ? shape.height : shape.width;
}

bool is_same_shape(const Hop& hop) {
  const FeatureShape& out = hop.node->shape;
  return hop.in.channels == out.channels && hop.in.height == out.height &&
         hop.in.width == out.width;
}

/// Indices of the input that one index of the output reads, tap by tap.
Indices taps(const Hop& hop, Axis axis, std::int64_t out) {
  const Node& node = *hop.node;
  const ConvShape& conv = node.conv;
  const bool rows = axis == Axis::rows;
  const std::int64_t size = along(hop.in, axis), out_size = along(node.shape, axis);
  const std::int64_t kernel = rows ? conv.kernel_height : conv.kernel_width;
  const std::int64_t stride = rows ? conv.stride_height : conv.stride_width;
  const std::int64_t dilation = rows ? conv.dilation_height : conv.dilation_width;
  const std::int64_t pad = rows ? conv.pad_top : conv.pad_left;
  Indices found;
  const auto add = [&](std::int64_t index) {
    if (index >= 0 && index < size) found.insert(index);
  };
  const auto all = [&] {
    for (std::int64_t i = 0; i < size; ++i) add(i);
  };
  switch (node.kind) {
    case NodeKind::convolution:
    case NodeKind::max_pooling:
    case NodeKind::average_pooling:
      if (kernel == 0) all();
      for (std::int64_t k = 0; k < kernel; ++k) add(out * stride + k * dilation - pad);
      break;
    case NodeKind::transposed_convolution:
      for (std::int64_t i = 0; i < size; ++i)
        for (std::int64_t k = 0; k < kernel; ++k)
          if (i * stride + k * dilation - pad == out) add(i);
      break;
    case NodeKind::add:
    case NodeKind::multiply:
    case NodeKind::activation: add(size == out_size ? out : 0); break;
    case NodeKind::concat:
      add(out - ((rows && node.axis == 2) || (!rows && node.axis == 3) ? hop.before : 0));
      break;
    case NodeKind::pad: add(out - pad); break;
    case NodeKind::subsample: add(out * stride); break;
    case NodeKind::resize: {  // the place that falls on the output, and its neighbours
      std::int64_t place = 0;
      while ((place + 1) * out_size <= out * size) ++place;
      for (const std::int64_t index : {place - 1, place, place + 1}) add(index);
      break;
    }
    case NodeKind::reshape:
      if (is_same_shape(hop))
        add(out);
      else
        all();
      break;
    default: all();
  }
  return found;
}

}  // namespace

Indices through(const Path& path, Axis axis, std::int64_t out) {
  Indices indices{out};
  for (const Hop& hop : path) {
    Indices next;
    for (const std::int64_t index : indices) next.merge(taps(hop, axis, index));
    indices = std::move(next);
  }
  return indices;
}

void list_paths(const Network& network, const std::set<std::string>& stored, const Node& node,
                const Path& so_far, std::vector<Path>& paths) {
  std::int64_t before = 0;
  for (const NodeId id : node.inputs) {
    const Node& input = network.node(id);
    Path path = so_far;
    path.push_back({&node, input.shape, before});
    if (node.kind == NodeKind::concat)
      before += node.axis == 2   ? input.shape.height
                : node.axis == 3 ? input.shape.width
                                 : input.shape.channels;
    if (stored.contains(input.name))
      paths.push_back(path);
    else
      list_paths(network, stored, input, path, paths);
  }
}

}  // namespace hwflow::testing
