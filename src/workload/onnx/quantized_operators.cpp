#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workload/onnx/rewriting.hpp"

namespace hwflow::onnx_import {
namespace {

using ::onnx::GraphProto;
using ::onnx::NodeProto;

/// Which inputs of a quantized operator are those of the plain one: places of tensors; each of
/// `scaled` is followed by its scale and zero point. -1: none.
struct Row {
  std::string_view op_type, plain_type;
  std::vector<int> tensors;
  int weights = -1;         ///< the tensor that is dequantized, with its scale and zero point
  int bias = -1;            ///< the tensor of 32-bit sums, scaled by input and weight scale
  bool is_standard = true;  ///< else of com.microsoft
};

const std::array<Row, 12>& rows() {
  static const std::array<Row, 12> kRows{{
      {"ConvInteger", "Conv", {0, 1}},
      {"MatMulInteger", "MatMul", {0, 1}},
      {"QGemm", "Gemm", {0, 3, 6}, 3, 6, false},
      {"QLinearAdd", "Add", {0, 3}, -1, -1, false},
      {"QLinearAveragePool", "AveragePool", {0}, -1, -1, false},
      {"QLinearConv", "Conv", {0, 3, 8}, 3, 8},
      {"QLinearGlobalAveragePool", "GlobalAveragePool", {0}, -1, -1, false},
      {"QLinearLeakyRelu", "LeakyRelu", {0}, -1, -1, false},
      {"QLinearMatMul", "MatMul", {0, 3}, 3},
      {"QLinearMul", "Mul", {0, 3}, -1, -1, false},
      {"QLinearSigmoid", "Sigmoid", {0}, -1, -1, false},
      {"QLinearSoftmax", "Softmax", {0}, -1, -1, false},
  }};
  return kRows;
}

const Row* row_of(const NodeProto& node) {
  const bool is_standard = node.domain().empty() || node.domain() == "ai.onnx";
  if (!is_standard && node.domain() != "com.microsoft") return nullptr;
  const auto found =
      std::ranges::find_if(rows(), [&](const Row& row) { return row.op_type == node.op_type(); });
  const bool fits = found != rows().end() && found->is_standard == is_standard;
  return fits ? &*found : nullptr;
}

void set_attribute(NodeProto& node, const std::string& name, std::int64_t value) {
  auto* attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(::onnx::AttributeProto::INT);
  attribute->set_i(value);
}

std::int64_t integer_attribute(const NodeProto& node, std::string_view name) {
  for (const auto& attribute : node.attribute())
    if (attribute.name() == name) return attribute.i();
  return 0;
}

class Expansion {
 public:
  explicit Expansion(GraphProto& graph) : graph_(graph) {
    for (const auto& tensor : graph.initializer()) constants_.insert(tensor.name());
    for (const auto& node : graph.node())
      if (node.op_type() == "Constant")
        constants_.insert(node.output().begin(), node.output().end());
  }

  void run() {
    const int count = graph_.node_size();  // nodes that are added need no expansion
    for (int i = 0; i < count; ++i) {
      if (graph_.node(i).op_type() == "QLinearConcat") {
        expand_concat(*graph_.mutable_node(i));
      } else if (const Row* row = row_of(graph_.node(i))) {
        expand(i, *row);
      }
    }
  }

 private:
  void expand(int index, const Row& row) {
    const NodeProto old = graph_.node(index);
    const auto input = [&old](int place) {
      return place >= 0 && place < old.input_size() ? old.input(place) : std::string();
    };
    const std::string name = old.output_size() > 0 ? old.output(0) : old.name();
    std::vector<std::string> inputs;
    for (const int place : row.tensors) inputs.push_back(input(place));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const int place = row.tensors[i];
      if (!constants_.contains(inputs[i])) continue;
      if (place == row.weights) {
        inputs[i] = dequantized(inputs[i], input(place + 1), input(place + 2), axis_of(old));
      } else if (place == row.bias) {
        const std::string scale = name + ".hwflow.bias_scale";
        add_node("Mul", {input(1), input(row.weights + 1)}, scale);
        inputs[i] = dequantized(inputs[i], scale, "", 0);
      }
    }
    while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
    NodeProto& node = *graph_.mutable_node(index);
    node.clear_domain();
    become(node, std::string(row.plain_type), inputs);
  }

  /// Scale and zero point of the output come first, then three inputs for every tensor.
  void expand_concat(NodeProto& node) {
    if (node.domain() != "com.microsoft") return;
    std::vector<std::string> inputs;
    for (int i = 2; i < node.input_size(); i += 3) inputs.push_back(node.input(i));
    node.clear_domain();
    become(node, "Concat", inputs);
  }

  static void become(NodeProto& node, const std::string& op_type,
                     const std::vector<std::string>& inputs) {
    auto* former = node.add_attribute();
    former->set_name(kQuantizedFrom);
    former->set_type(::onnx::AttributeProto::STRING);
    former->set_s(node.op_type());
    node.set_op_type(op_type);
    node.clear_input();
    for (const std::string& input : inputs) node.add_input(input);
  }

  /// Axis along which weights have scales of their own: that of their outputs.
  static std::int64_t axis_of(const NodeProto& node) {
    if (node.op_type() == "QLinearConv") return 0;
    return node.op_type() == "QGemm" && integer_attribute(node, "transB") != 0 ? 0 : 1;
  }

  std::string dequantized(const std::string& tensor, const std::string& scale,
                          const std::string& zero_point, std::int64_t axis) {
    const std::string result = tensor + "*" + scale;
    if (!dequantized_.insert(result).second) return result;  // weights that layers share
    NodeProto& node = add_node("DequantizeLinear", {tensor, scale, zero_point}, result);
    set_attribute(node, "axis", axis);
    return result;
  }

  NodeProto& add_node(const std::string& op_type, const std::vector<std::string>& inputs,
                      const std::string& output) {
    NodeProto& node = *graph_.add_node();
    node.set_op_type(op_type);
    node.set_name(output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  GraphProto& graph_;
  std::set<std::string> constants_, dequantized_;
};

}  // namespace

void expand_quantized_operators(GraphProto& graph) { Expansion(graph).run(); }

}  // namespace hwflow::onnx_import
