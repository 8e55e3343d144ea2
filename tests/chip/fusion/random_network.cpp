#include "tests/chip/fusion/random_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.hpp"

namespace hwflow::chip::testing {
namespace {

class Drawer {
 public:
  Drawer(Rng& rng, int most_layers)
      : rng_(rng),
        layers_(2 + static_cast<int>(rng.below(static_cast<std::uint64_t>(most_layers - 1)))) {}

  Network draw() {
    for (;;) {
      nodes_.clear();
      add_input();
      for (int i = 0; i < layers_; ++i) add_node();
      auto network = Network::make("random", nodes_, {});
      if (network) return std::move(*network);
    }
  }

 private:
  std::int64_t between(std::int64_t low, std::int64_t high) { return rng_.between(low, high); }
  bool chance(int of) { return rng_.below(static_cast<std::uint64_t>(of)) == 0; }

  void add_input() {
    Node node;
    node.name = "x";
    node.shape = {between(1, 3), between(3, 9), between(3, 9)};
    nodes_.push_back(node);
    shapes_ = {node.shape};
  }

  /// Mostly the newest node.
  std::int32_t pick() {
    const auto last = static_cast<std::int32_t>(nodes_.size()) - 1;
    return chance(4) ? static_cast<std::int32_t>(between(0, last)) : last;
  }

  void fill_window(ConvShape& conv, const FeatureShape& in) {
    conv.kernel_height = std::min(between(1, 3), in.height);
    conv.kernel_width = std::min(between(1, 3), in.width);
    conv.stride_height = between(1, chance(3) ? 3 : 1);
    conv.stride_width = between(1, chance(3) ? 3 : 1);
    conv.dilation_height = between(1, chance(4) ? 2 : 1);
    conv.dilation_width = between(1, chance(4) ? 2 : 1);
    conv.pad_top = between(0, conv.kernel_height - 1);
    conv.pad_bottom = between(0, conv.kernel_height - 1);
    conv.pad_left = between(0, conv.kernel_width - 1);
    conv.pad_right = between(0, conv.kernel_width - 1);
  }

  Node windowed(const FeatureShape& in) {
    Node node;
    fill_window(node.conv, in);
    constexpr std::array kKinds{NodeKind::convolution, NodeKind::convolution,
                                NodeKind::convolution, NodeKind::transposed_convolution,
                                NodeKind::max_pooling, NodeKind::average_pooling};
    node.kind = kKinds[rng_.below(kKinds.size())];
    if (in.height * in.width > 120 && node.kind == NodeKind::transposed_convolution)
      node.kind = NodeKind::convolution;
    node.conv.out_channels = between(1, 3);
    if (node.kind == NodeKind::convolution && chance(3))
      node.conv.groups = node.conv.out_channels = in.channels;
    return node;
  }

  Node joined(std::int32_t input) {
    const FeatureShape& in = shapes_[static_cast<std::size_t>(input)];
    Node node;
    node.kind = chance(2) ? NodeKind::add : NodeKind::concat;
    for (std::int32_t other = 0; other < static_cast<std::int32_t>(nodes_.size()); ++other) {
      const FeatureShape& shape = shapes_[static_cast<std::size_t>(other)];
      const bool same_pixels = shape.height == in.height && shape.width == in.width;
      if (other != input && same_pixels &&
          (node.kind == NodeKind::concat || shape.channels == in.channels)) {
        node.inputs = {other < input ? NodeId{other} : NodeId{input},
                       other < input ? NodeId{input} : NodeId{other}};
        break;
      }
    }
    if (node.inputs.empty()) {
      node = windowed(in);
    } else if (node.kind == NodeKind::concat &&
               shapes_[static_cast<std::size_t>(node.inputs[0].value)].channels == in.channels &&
               chance(3)) {
      node.axis = 2 + static_cast<int>(rng_.below(2));
    }
    return node;
  }

  /// The same values as other rows, columns and channels.
  FeatureShape reshaped(const FeatureShape& in) {
    std::vector<FeatureShape> shapes{in};
    const std::int64_t all = in.elements();
    for (std::int64_t channels = 1; channels <= std::min<std::int64_t>(all, 6); ++channels)
      for (std::int64_t height = 1; height <= std::min<std::int64_t>(all, 12); ++height)
        if (all % (channels * height) == 0 && all / (channels * height) <= 12)
          shapes.push_back({channels, height, all / (channels * height)});
    return shapes[rng_.below(shapes.size())];
  }

  /// Nodes that only move data: views of what their input stored.
  Node moved(const FeatureShape& in) {
    Node node;
    if (chance(3)) {  // larger grids and smaller ones
      node.kind = NodeKind::resize;
      node.shape = {in.channels, between(1, 2 * in.height), between(1, 2 * in.width)};
    } else if (chance(3)) {
      node.kind = NodeKind::reshape;
      node.shape = reshaped(in);
    } else if (chance(8)) {
      node.kind = NodeKind::softmax;
    } else if (chance(2)) {
      node.kind = NodeKind::pad;
      node.conv.pad_top = between(0, 2);
      node.conv.pad_left = between(-1, 1);
      if (in.width <= 2) node.conv.pad_left = 0;
    } else {
      node.kind = NodeKind::subsample;
      node.conv.stride_height = between(1, 2);
      node.conv.stride_width = between(1, 2);
    }
    return node;
  }

  void add_node() {
    const std::int32_t input = pick();
    const FeatureShape in = shapes_[static_cast<std::size_t>(input)];
    Node node = chance(3) ? joined(input) : chance(6) ? moved(in) : windowed(in);
    if (node.inputs.empty()) node.inputs = {NodeId{input}};
    if (node.kind == NodeKind::max_pooling || node.kind == NodeKind::average_pooling) {
      if (chance(6)) node.conv.kernel_height = node.conv.kernel_width = 0;
    }
    node.name = fmt::format("n{}", nodes_.size());
    std::vector<Node> trial = nodes_;
    trial.push_back(node);
    const auto network = Network::make("trial", trial, {});
    if (!network) return;
    const FeatureShape& shape = network->nodes().back().shape;
    if (shape.height > 20 || shape.width > 20) return;
    nodes_ = std::move(trial);
    shapes_.push_back(shape);
  }

  Rng& rng_;
  int layers_;
  std::vector<Node> nodes_;
  std::vector<FeatureShape> shapes_;
};

HaloPolicy random_policy(Rng& rng) {
  constexpr std::array kPolicies{HaloPolicy::retain, HaloPolicy::retain, HaloPolicy::in_band,
                                 HaloPolicy::again};
  return kPolicies[rng.below(kPolicies.size())];
}

}  // namespace

Network random_network(Rng& rng, int most_layers) {
  for (;;) {
    Network network = Drawer(rng, most_layers).draw();
    for (std::size_t i = 0; i < network.nodes().size(); ++i)
      if (network.operator_of({static_cast<std::int32_t>(i)}, 1)) return network;
  }
}

CompressionPlan random_plan(Rng& rng, const Network& network) {
  CompressionPlan plan = CompressionPlan::uniform(network.compute_nodes().size(), 8, 8);
  constexpr std::array kWidths{2, 4, 8, 16};
  for (PrecisionPair& pair : plan.layers)
    pair = {kWidths[rng.below(kWidths.size())], kWidths[rng.below(kWidths.size())]};
  return plan;
}

RandomSchedule random_schedule(Rng& rng, const FusionGraph& graph) {
  const auto layers = static_cast<std::int64_t>(graph.layers.size());
  const std::int64_t first = rng.between(0, layers - 1);
  const Slice slice{static_cast<std::size_t>(first),
                    static_cast<std::size_t>(rng.between(first + 1, layers))};
  RandomSchedule drawn;
  GroupSchedule& schedule = drawn.schedule;
  for (const std::size_t read : skip_reads(graph, slice))
    if (rng.below(2) == 0) schedule.read_again.push_back(read);
  drawn.group = make_group(graph, slice, schedule.read_again);
  const GroupLayer& last = drawn.group.layers.back();
  schedule.outer = rng.below(2) == 0 ? Axis::rows : Axis::columns;
  schedule.tile_rows = rng.between(1, last.height);
  schedule.tile_columns = rng.between(1, last.width);
  schedule.channel_parts = rng.between(1, 3);
  for (std::size_t t = 0; t < drawn.group.tensors.size(); ++t)
    schedule.halos.push_back(random_policy(rng));
  for (std::size_t l = 0; l < drawn.group.layers.size(); ++l)
    schedule.resident_weights.push_back(rng.below(2) == 0);
  drawn.double_buffered = rng.below(2) == 0;
  return drawn;
}

std::string describe(const Network& network, const FusionGraph& graph,
                     const RandomSchedule& drawn) {
  std::string text;
  for (const Node& node : network.nodes()) {
    text += fmt::format("{} {} {}x{}x{} k{}x{} s{}x{} d{}x{} p{},{}", node.name, name(node.kind),
                        node.shape.channels, node.shape.height, node.shape.width,
                        node.conv.kernel_height, node.conv.kernel_width, node.conv.stride_height,
                        node.conv.stride_width, node.conv.dilation_height, node.conv.dilation_width,
                        node.conv.pad_top, node.conv.pad_left);
    for (const NodeId id : node.inputs) text += " <" + network.node(id).name;
    text += "\n";
  }
  const GroupSchedule& s = drawn.schedule;
  text += fmt::format("layers {}..{} of {}, outer {}, tile {}x{}, parts {}, again {}\n",
                      drawn.group.slice.first, drawn.group.slice.last, graph.layers.size(),
                      s.outer == Axis::rows ? "rows" : "columns", s.tile_rows, s.tile_columns,
                      s.channel_parts, s.read_again.size());
  for (std::size_t t = 0; t < drawn.group.tensors.size(); ++t) {
    const GroupTensor& tensor = drawn.group.tensors[t];
    text += fmt::format("tensor {} {}: kept {} fetched {} written {} halo {}\n", t,
                        graph.tensors[tensor.tensor].name, tensor.kept_bits, tensor.fetched_bits,
                        tensor.written_bits, static_cast<int>(s.halos[t]));
  }
  return text;
}

}  // namespace hwflow::chip::testing
