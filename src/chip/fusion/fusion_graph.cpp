#include "chip/fusion/fusion_graph.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

using Kind = AxisStage::Kind;

struct StagePair {
  AxisStage rows, columns;
};

/// A node's values as they are stored.
struct View {
  std::size_t tensor = 0;
  std::vector<AxisStage> rows, columns;  ///< from the node to the tensor
};

StagePair window_of(const ConvShape& conv, const FeatureShape& in, const FeatureShape& out) {
  return {{Kind::window, conv.kernel_height, conv.stride_height, conv.dilation_height,
           -conv.pad_top, in.height, out.height},
          {Kind::window, conv.kernel_width, conv.stride_width, conv.dilation_width, -conv.pad_left,
           in.width, out.width}};
}

StagePair whole_of(const FeatureShape& in, const FeatureShape& out) {
  return {{.kind = Kind::whole, .extent = in.height, .out_extent = out.height},
          {.kind = Kind::whole, .extent = in.width, .out_extent = out.width}};
}

/// An axis that is the same, or of which one element is used for all.
AxisStage same_or_broadcast(std::int64_t in, std::int64_t out) {
  return {.kind = in == out ? Kind::window : Kind::whole, .extent = in, .out_extent = out};
}

StagePair elementwise_of(const FeatureShape& in, const FeatureShape& out) {
  return {same_or_broadcast(in.height, out.height), same_or_broadcast(in.width, out.width)};
}

StagePair transposed_of(const ConvShape& conv, const FeatureShape& in, const FeatureShape& out) {
  StagePair stages = window_of(conv, in, out);
  stages.rows.kind = stages.columns.kind = Kind::spread;
  return stages;
}

StagePair shifted_of(const FeatureShape& in, const FeatureShape& out, std::int64_t top,
                     std::int64_t left) {
  return {{.offset = -top, .extent = in.height, .out_extent = out.height},
          {.offset = -left, .extent = in.width, .out_extent = out.width}};
}

StagePair strided_of(const Node& node, const FeatureShape& in) {
  return {{.stride = node.conv.stride_height, .extent = in.height, .out_extent = node.shape.height},
          {.stride = node.conv.stride_width, .extent = in.width, .out_extent = node.shape.width}};
}

StagePair scaled_of(const FeatureShape& in, const FeatureShape& out) {
  const auto scale = [](std::int64_t from, std::int64_t to) {
    return AxisStage{.kind = Kind::scale, .extent = from, .out_extent = to};
  };
  return {scale(in.height, out.height), scale(in.width, out.width)};
}

/// What a node asks of its input number `input`; `before`: concatenated ahead of it.
StagePair stages_of(const Node& node, const FeatureShape& in, std::int64_t before) {
  switch (node.kind) {
    case NodeKind::convolution: return window_of(node.conv, in, node.shape);
    case NodeKind::transposed_convolution: return transposed_of(node.conv, in, node.shape);
    case NodeKind::max_pooling:
    case NodeKind::average_pooling:
      return node.conv.kernel_height == 0 ? whole_of(in, node.shape)
                                          : window_of(node.conv, in, node.shape);
    case NodeKind::add:
    case NodeKind::multiply: return elementwise_of(in, node.shape);
    case NodeKind::concat:
      return shifted_of(in, node.shape, node.axis == 2 ? before : 0, node.axis == 3 ? before : 0);
    case NodeKind::pad: return shifted_of(in, node.shape, node.conv.pad_top, node.conv.pad_left);
    case NodeKind::subsample: return strided_of(node, in);
    case NodeKind::resize: return scaled_of(in, node.shape);
    case NodeKind::activation: return elementwise_of(in, node.shape);
    case NodeKind::reshape:
    case NodeKind::softmax:
      return in == node.shape && in.channels == node.shape.channels &&
                     node.kind != NodeKind::softmax
                 ? elementwise_of(in, node.shape)
                 : whole_of(in, node.shape);
    default: return whole_of(in, node.shape);
  }
}

std::int64_t size_along(const FeatureShape& shape, int axis) {
  return axis == 2 ? shape.height : axis == 3 ? shape.width : shape.channels;
}

/// The widths that the readers of every node want: as lower() says (docs/decisions/0001).
std::vector<std::set<int>> wanted_widths(const Network& network, const LoweringOptions& options,
                                         const std::vector<std::optional<Layer>>& layers) {
  const std::size_t count = network.nodes().size();
  std::vector<std::set<int>> wanted(count);
  for (std::size_t i = count; i-- > 0;) {
    const Node& node = network.nodes()[i];
    if (network.is_output({static_cast<std::int32_t>(i)}) || wanted[i].empty())
      wanted[i].insert(options.network_output_bits);
    std::set<int> reads = wanted[i];
    if (layers[i] && node.kind != NodeKind::max_pooling) reads = {layers[i]->bits.inputs};
    if (node.kind == NodeKind::softmax) reads = {options.network_output_bits};
    for (const NodeId input : node.inputs)
      wanted[static_cast<std::size_t>(input.value)].insert(reads.begin(), reads.end());
  }
  return wanted;
}

std::int64_t weight_words(const Layer& layer) {
  std::int64_t words = 0;
  for (const Operand& operand : layer.op.operands())
    if (operand.role == Role::weights) words += operand.elements();
  return words;
}

class Builder {
 public:
  Builder(const Network& network, const CompressionPlan& plan, LoweringOptions options)
      : network_(network),
        layers_(network.nodes().size()),
        batched_(network.nodes().size()),
        views_(network.nodes().size()) {
    graph_.name = network.name();
    graph_.batch = options.batch;
    options.include_auxiliary = true;
    for (LoweredLayer& lowered : lower(network, plan, options))
      batched_[static_cast<std::size_t>(lowered.node.value)] = std::move(lowered.layer);
    options.batch = 1;
    for (LoweredLayer& lowered : lower(network, plan, options))
      layers_[static_cast<std::size_t>(lowered.node.value)] = std::move(lowered.layer);
    wanted_ = wanted_widths(network, options, layers_);
    output_bits_ = options.network_output_bits;
  }

  FusionGraph build() {
    for (std::size_t i = 0; i < views_.size(); ++i) add(i);
    for (const NodeId output : network_.outputs())
      for (const View& view : views_[static_cast<std::size_t>(output.value)])
        graph_.tensors[view.tensor].output_widths.insert(output_bits_);
    for (FusionTensor& tensor : graph_.tensors)  // what nobody reads is stored all the same
      if (tensor.producer && tensor.reads.empty()) tensor.output_widths.insert(output_bits_);
    return std::move(graph_);
  }

 private:
  std::size_t add_tensor(std::size_t node, std::optional<std::size_t> producer) {
    graph_.tensors.push_back(
        {network_.nodes()[node].name, network_.nodes()[node].shape, producer, {}, {}});
    views_[node] = {{graph_.tensors.size() - 1, {}, {}}};
    return graph_.tensors.size() - 1;
  }

  /// Every tensor behind the inputs of a node, seen from the node's output.
  std::vector<View> inputs_of(std::size_t index) const {
    const Node& node = network_.nodes()[index];
    std::vector<View> inputs;
    std::int64_t before = 0;
    for (const NodeId id : node.inputs) {
      const FeatureShape& shape = network_.node(id).shape;
      const StagePair stages = stages_of(node, shape, before);
      if (node.kind == NodeKind::concat) before += size_along(shape, node.axis);
      for (View view : views_[static_cast<std::size_t>(id.value)]) {
        view.rows.insert(view.rows.begin(), stages.rows);
        view.columns.insert(view.columns.begin(), stages.columns);
        inputs.push_back(std::move(view));
      }
    }
    return inputs;
  }

  void add(std::size_t index) {
    const Node& node = network_.nodes()[index];
    if (node.kind == NodeKind::input) {
      add_tensor(index, std::nullopt);
    } else if (!layers_[index]) {
      views_[index] = inputs_of(index);
    } else {
      add_layer(index);
    }
  }

  void add_layer(std::size_t index) {
    const std::size_t number = graph_.layers.size();
    FusionLayer layer{{static_cast<std::int32_t>(index)},
                      std::move(*layers_[index]),
                      std::move(*batched_[index]),
                      network_.nodes()[index],
                      {},
                      network_.nodes()[index].shape,
                      0,
                      {},
                      0};
    for (const NodeId input : layer.description.inputs)
      layer.inputs.push_back(network_.node(input).shape);
    layer.weight_words = weight_words(layer.layer);
    const bool passes_copies = network_.nodes()[index].kind == NodeKind::max_pooling;
    for (View& view : inputs_of(index)) {
      graph_.tensors[view.tensor].reads.push_back(graph_.reads.size());
      layer.reads.push_back(graph_.reads.size());
      graph_.reads.push_back(
          {view.tensor, number, AxisMap(view.rows), AxisMap(view.columns),
           passes_copies ? wanted_[index] : std::set<int>{layer.layer.bits.inputs}});
    }
    layer.output = add_tensor(index, number);
    graph_.layers.push_back(std::move(layer));
  }

  const Network& network_;
  std::vector<std::optional<Layer>> layers_, batched_;
  std::vector<std::vector<View>> views_;
  std::vector<std::set<int>> wanted_;
  int output_bits_ = 16;
  FusionGraph graph_;
};

}  // namespace

std::int64_t total_width(const std::set<int>& widths) {
  std::int64_t sum = 0;
  for (const int width : widths) sum += width;
  return sum;
}

FusionGraph part_of(const FusionGraph& graph, std::size_t first, std::size_t last) {
  FusionGraph part;
  part.name = graph.name;
  part.batch = graph.batch;
  std::vector<std::optional<std::size_t>> places(graph.tensors.size());
  const auto place_of = [&](std::size_t tensor) {
    if (!places[tensor]) {
      places[tensor] = part.tensors.size();
      part.tensors.push_back({graph.tensors[tensor].name, graph.tensors[tensor].shape, {}, {}, {}});
    }
    return *places[tensor];
  };
  for (std::size_t l = first; l < last; ++l) {
    FusionLayer layer = graph.layers[l];
    for (std::size_t& index : layer.reads) {
      FusionRead read = graph.reads[index];
      read.tensor = place_of(read.tensor);
      read.layer = l - first;
      index = part.reads.size();
      part.tensors[read.tensor].reads.push_back(index);
      part.reads.push_back(std::move(read));
    }
    const FusionTensor& output = graph.tensors[layer.output];
    std::set<int> widths = output.output_widths;
    for (const std::size_t read : output.reads)
      if (graph.reads[read].layer >= last)
        widths.insert(graph.reads[read].widths.begin(), graph.reads[read].widths.end());
    layer.output = place_of(layer.output);
    part.tensors[layer.output].producer = l - first;
    part.tensors[layer.output].output_widths = std::move(widths);
    part.layers.push_back(std::move(layer));
  }
  return part;
}

FusionGraph make_fusion_graph(const Network& network, const CompressionPlan& plan,
                              const LoweringOptions& options) {
  return Builder(network, plan, options).build();
}

}  // namespace hwflow::chip
