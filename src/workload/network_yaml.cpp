#include "workload/network_yaml.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "schema/schema.hpp"

namespace hwflow::schema {

template <>
struct EnumNames<NodeKind> {
  static constexpr auto names() {
    using enum NodeKind;
    using std::pair;
    using View = std::string_view;
    return std::array{pair{View("input"), input},
                      pair{View("convolution"), convolution},
                      pair{View("transposed_convolution"), transposed_convolution},
                      pair{View("fully_connected"), fully_connected},
                      pair{View("matrix_product"), matrix_product},
                      pair{View("max_pooling"), max_pooling},
                      pair{View("average_pooling"), average_pooling},
                      pair{View("add"), add},
                      pair{View("multiply"), multiply},
                      pair{View("concat"), concat},
                      pair{View("pad"), pad},
                      pair{View("subsample"), subsample},
                      pair{View("resize"), resize},
                      pair{View("reshape"), reshape},
                      pair{View("softmax"), softmax},
                      pair{View("activation"), activation}};
  }
};

template <>
struct EnumNames<Activation> {
  static constexpr auto names() {
    using enum Activation;
    using std::pair;
    using View = std::string_view;
    return std::array{pair{View("none"), none},
                      pair{View("relu"), relu},
                      pair{View("relu6"), relu6},
                      pair{View("clip"), clip},
                      pair{View("leaky_relu"), leaky_relu},
                      pair{View("sigmoid"), sigmoid},
                      pair{View("hard_sigmoid"), hard_sigmoid},
                      pair{View("hard_swish"), hard_swish},
                      pair{View("tanh"), tanh},
                      pair{View("prelu"), prelu},
                      pair{View("elu"), elu},
                      pair{View("selu"), selu},
                      pair{View("gelu"), gelu},
                      pair{View("silu"), silu},
                      pair{View("mish"), mish},
                      pair{View("softplus"), softplus},
                      pair{View("other"), other}};
  }
};

}  // namespace hwflow::schema

namespace hwflow {
namespace {

using Sizes = std::vector<std::int64_t>;
constexpr double kMost = 1 << 30;

/// A node as the file shows it; lists are (height, width) or (top, left, bottom, right).
struct NodeText {
  std::string name;
  NodeKind kind = NodeKind::convolution;
  std::optional<std::vector<std::string>> inputs;
  std::int64_t out_channels = 1, groups = 1;
  Sizes kernel{1, 1}, stride{1, 1}, dilation{1, 1}, pads{0, 0, 0, 0}, output_pads{0, 0};
  Sizes channel_pads{0, 0}, shape;
  bool bias = false, batch_norm = false, count_include_pad = false;
  double batch_norm_epsilon = 1e-5, activation_alpha = 0.0, activation_beta = 0.0;
  Activation activation = Activation::none;
  std::int64_t prelu_slopes = 0;
  int axis = 1;
  std::string not_executable;

  static constexpr auto fields() {
    using T = NodeText;
    using namespace schema;
    return std::tuple{
        required("name", &T::name, "Name, unique in the network."),
        required("kind", &T::kind, "What the node computes."),
        field("inputs", &T::inputs, "Names of earlier nodes; the node before when left out."),
        field("out_channels", &T::out_channels, between(1, kMost), "Output channels or features."),
        field("groups", &T::groups, between(1, kMost), "Groups of a convolution."),
        field("kernel", &T::kernel, between(0, kMost), "Rows, columns; 0, 0 pools everything."),
        field("stride", &T::stride, between(1, kMost), "Rows, columns."),
        field("dilation", &T::dilation, between(1, kMost), "Rows, columns."),
        field("pads", &T::pads, between(-kMost, kMost), "Top, left, bottom, right."),
        field("output_pads", &T::output_pads, between(0, kMost),
              "Rows, columns added to a transposed convolution."),
        field("channel_pads", &T::channel_pads, between(-kMost, kMost),
              "Zero channels before and after, of pad and subsample."),
        field("shape", &T::shape, between(1, kMost),
              "Channels, rows, columns: of input, resize and reshape."),
        field("bias", &T::bias, "Whether a bias is added."),
        field("batch_norm", &T::batch_norm, "Whether BatchNorm follows."),
        field("batch_norm_epsilon", &T::batch_norm_epsilon, above(0), "Added to the variance."),
        field("activation", &T::activation, "Non-linearity of the output."),
        field("activation_alpha", &T::activation_alpha, "Leaky slope, or least value of clip."),
        field("prelu_slopes", &T::prelu_slopes, between(0, kMost), "Trained slopes of prelu."),
        field("activation_beta", &T::activation_beta, "Largest value of clip."),
        field("axis", &T::axis, between(1, 3), "Of concat: 1 channels, 2 rows, 3 columns."),
        field("count_include_pad", &T::count_include_pad, "Average pooling divides by all."),
        field("not_executable", &T::not_executable,
              "Why values cannot be computed from this description; empty: they can."),
    };
  }
};

struct NetworkText {
  std::string name;
  std::vector<NodeText> nodes;
  std::vector<std::string> outputs;

  static constexpr auto fields() {
    using T = NetworkText;
    return std::tuple{schema::required("name", &T::name, "Name of the network."),
                      schema::required("nodes", &T::nodes, "Nodes, each after its inputs."),
                      schema::field("outputs", &T::outputs,
                                    "Names of the output nodes; empty: those that nothing reads.")};
  }
};

constexpr std::string_view kRules = R"(# Network files

This page is generated from the tables that read the files; the test of `src/workload` compares it.

A network is a YAML file with `schema: 1` at its top, one of the built-ins (`hwflow list networks`),
or an ONNX file. Nodes stand in an order in which each follows its inputs; a node without `inputs`
reads the one before it, so that a chain needs none. The first node is an `input` with its shape.

Shapes of all other nodes follow from their inputs and are checked when the file is read. BatchNorm
and the activation belong to the node that they follow: they cost nothing of their own. A grouped
convolution with as many groups as channels is a depthwise one. A fully connected node reads its
input flattened. `add` and `multiply` take two inputs, `concat` any number.

Weights are named after nodes: `<node>.weight`, `<node>.bias`, `<node>.batch_norm.weight` and so on.

## An example

```yaml
schema: 1
name: small_residual
nodes:
  - {name: image, kind: input, shape: [3, 32, 32]}       # channels, rows, columns
  - {name: stem, kind: convolution, out_channels: 16, kernel: [3, 3], pads: [1, 1, 1, 1],
     batch_norm: true, activation: relu}                 # reads the node before: image
  - {name: body, kind: convolution, out_channels: 16, kernel: [3, 3], pads: [1, 1, 1, 1],
     batch_norm: true}
  - {name: sum, kind: add, inputs: [body, stem], activation: relu}
  - {name: pool, kind: average_pooling, kernel: [0, 0]}  # 0, 0: over the whole image
  - {name: fc, kind: fully_connected, out_channels: 10, bias: true}
```

## Keys

)";

class Builder {
 public:
  explicit Builder(std::string origin) : origin_(std::move(origin)) {}

  Expected<Network> build(const NetworkText& text) {
    std::vector<Node> nodes;
    for (const NodeText& each : text.nodes) {
      nodes.push_back(node_of(each, nodes.size()));
      ids_.emplace(each.name, NodeId{static_cast<std::int32_t>(nodes.size()) - 1});
    }
    std::vector<NodeId> outputs;
    for (const std::string& output : text.outputs) {
      if (const auto known = ids_.find(output); known != ids_.end())
        outputs.push_back(known->second);
      else
        tell("outputs", fmt::format("there is no node '{}'", output));
    }
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    auto network = Network::make(text.name, std::move(nodes), std::move(outputs));
    if (network) return network;
    for (const Diagnostic& each : network.error()) tell(each.place, each.reason, each.hint);
    return Unexpected{std::move(problems_)};
  }

 private:
  void tell(const std::string& place, std::string reason, std::string hint = "") {
    problems_.push_back(
        {fmt::format("{}: {}", origin_, place), std::move(reason), std::move(hint)});
  }

  void check_list(const NodeText& text, const char* key, const Sizes& list, std::size_t size) {
    if (list.size() != size)
      tell(fmt::format("node '{}': {}", text.name, key),
           fmt::format("needs {} numbers, got {}", size, list.size()));
  }

  std::vector<NodeId> inputs_of(const NodeText& text, std::size_t index) {
    if (!text.inputs) {
      if (text.kind == NodeKind::input || index == 0) return {};
      return {NodeId{static_cast<std::int32_t>(index) - 1}};
    }
    std::vector<NodeId> inputs;
    for (const std::string& name : *text.inputs) {
      const auto found = ids_.find(name);
      if (found != ids_.end()) {
        inputs.push_back(found->second);
        continue;
      }
      std::vector<std::string> known;
      for (const auto& [each, id] : ids_) known.push_back(each);
      tell(fmt::format("node '{}': inputs", text.name),
           fmt::format("no earlier node is called '{}'", name), nearest_name_hint(name, known));
    }
    return inputs;
  }

  Node node_of(const NodeText& text, std::size_t index) {
    const std::size_t before = problems_.size();
    check_list(text, "kernel", text.kernel, 2);
    check_list(text, "stride", text.stride, 2);
    check_list(text, "dilation", text.dilation, 2);
    check_list(text, "pads", text.pads, 4);
    check_list(text, "output_pads", text.output_pads, 2);
    check_list(text, "channel_pads", text.channel_pads, 2);
    const bool needs_shape = text.kind == NodeKind::input || text.kind == NodeKind::resize ||
                             text.kind == NodeKind::reshape;
    if (needs_shape || !text.shape.empty()) check_list(text, "shape", text.shape, 3);
    Node node;
    node.name = text.name;
    node.kind = text.kind;
    node.inputs = inputs_of(text, index);
    if (problems_.size() != before) return node;
    node.conv = geometry_of(text);
    node.has_bias = text.bias;
    node.has_batch_norm = text.batch_norm;
    node.batch_norm_epsilon = text.batch_norm_epsilon;
    node.activation = text.activation;
    node.activation_alpha = text.activation_alpha;
    node.activation_beta = text.activation_beta;
    node.prelu_slopes = text.prelu_slopes;
    node.not_executable = text.not_executable;
    node.axis = text.axis;
    node.count_include_pad = text.count_include_pad;
    node.channel_pad_before = text.channel_pads[0];
    node.channel_pad_after = text.channel_pads[1];
    if (!text.shape.empty()) node.shape = {text.shape[0], text.shape[1], text.shape[2]};
    return node;
  }

  static ConvShape geometry_of(const NodeText& text) {
    ConvShape shape;
    shape.out_channels = text.out_channels;
    shape.groups = text.groups;
    shape.kernel_height = text.kernel[0];
    shape.kernel_width = text.kernel[1];
    shape.stride_height = text.stride[0];
    shape.stride_width = text.stride[1];
    shape.dilation_height = text.dilation[0];
    shape.dilation_width = text.dilation[1];
    shape.pad_top = text.pads[0];
    shape.pad_left = text.pads[1];
    shape.pad_bottom = text.pads[2];
    shape.pad_right = text.pads[3];
    shape.output_pad_height = text.output_pads[0];
    shape.output_pad_width = text.output_pads[1];
    return shape;
  }

  std::string origin_;
  std::map<std::string, NodeId> ids_;
  Diagnostics problems_;
};

NodeText text_of(const Node& node, const Network& network) {
  NodeText text;
  text.name = node.name;
  text.kind = node.kind;
  text.inputs.emplace();
  for (const NodeId input : node.inputs) text.inputs->push_back(network.node(input).name);
  text.out_channels = node.conv.out_channels;
  text.groups = node.conv.groups;
  text.kernel = {node.conv.kernel_height, node.conv.kernel_width};
  text.stride = {node.conv.stride_height, node.conv.stride_width};
  text.dilation = {node.conv.dilation_height, node.conv.dilation_width};
  text.pads = {node.conv.pad_top, node.conv.pad_left, node.conv.pad_bottom, node.conv.pad_right};
  text.output_pads = {node.conv.output_pad_height, node.conv.output_pad_width};
  text.channel_pads = {node.channel_pad_before, node.channel_pad_after};
  text.shape = {node.shape.channels, node.shape.height, node.shape.width};
  text.bias = node.has_bias;
  text.batch_norm = node.has_batch_norm;
  text.batch_norm_epsilon = node.batch_norm_epsilon;
  text.activation = node.activation;
  text.activation_alpha = node.activation_alpha;
  text.activation_beta = node.activation_beta;
  text.prelu_slopes = node.prelu_slopes;
  text.not_executable = node.not_executable;
  text.axis = node.axis;
  text.count_include_pad = node.count_include_pad;
  return text;
}

Expected<Network> network_from_value(schema::Value document, const std::string& origin) {
  const auto text = schema::read_document<NetworkText>(std::move(document), origin);
  if (!text) return Unexpected{text.error()};
  return Builder(origin).build(*text);
}

}  // namespace

Expected<Network> network_from_yaml(const std::string& text, const std::string& origin) {
  auto document = schema::parse_yaml(text, origin);
  if (!document) return Unexpected{document.error()};
  return network_from_value(std::move(*document), origin);
}

Expected<Network> read_network_yaml(const std::filesystem::path& file) {
  auto document = schema::read_file(file);
  if (!document) return Unexpected{document.error()};
  return network_from_value(std::move(*document), file.string());
}

std::string to_yaml(const Network& network) {
  NetworkText text;
  text.name = network.name();
  for (const Node& node : network.nodes()) text.nodes.push_back(text_of(node, network));
  for (const NodeId id : network.outputs()) text.outputs.push_back(network.node(id).name);
  return schema::to_yaml(schema::to_document(text));
}

std::string network_json_schema() { return schema::json_schema<NetworkText>("hwflow network"); }

Expected<std::string> explain_network_key(std::string_view key) {
  return schema::explain<NetworkText>(key);
}

std::string network_manual() { return std::string(kRules) + schema::markdown_table<NetworkText>(); }

}  // namespace hwflow
