#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workload/network.hpp"
#include "workload/onnx/attributes.hpp"
#include "workload/onnx/tensor.hpp"
#include "workload/weights.hpp"

namespace hwflow::onnx_import {

/// What a tensor name of the file stands for: a constant, or the output of a network node.
struct Value {
  Dims dims;                   ///< of the whole batch
  ConstantPtr constant;        ///< null for activations
  std::optional<NodeId> node;  ///< the network node; absent for inputs that nothing has read yet
  bool is_graph_input = false;
  bool is_exclusive = false;  ///< one reader at most, also of the tensors that it stands for
};

/// The network under construction.
class GraphImport {
 public:
  std::int64_t batch = 1;
  std::int64_t opset = 0;
  std::int64_t initializer_elements = 0;  ///< of all together, those without values left out
  std::filesystem::path folder;
  std::map<std::string, Value> values;
  std::map<std::string, int> readers;  ///< uses of a tensor name, graph outputs included
  std::map<std::string, int> results;  ///< uses of a tensor name as graph output
  std::vector<Node> nodes;
  std::vector<NodeId> outputs;  ///< filled in at the end
  WeightMap weights;
  std::vector<std::string> notes;
  std::vector<std::string> quantizers;  ///< see OnnxModel

  /// Sizes without the batch. Throws Problem where the batch cannot be told apart.
  [[nodiscard]] FeatureShape feature_shape(const Dims& dims) const;
  /// Adds a node after checking it; the name is made unique. Throws Problem.
  NodeId add(Node node);
  [[nodiscard]] Node& node(NodeId id) { return nodes.at(static_cast<std::size_t>(id.value)); }
  /// The node of an activation, its sizes seen as `shape` (a reshape node where they differ).
  NodeId node_of(const std::string& tensor, const FeatureShape& shape);
  NodeId node_of(const std::string& tensor);
  void note(const std::string& node_name, const std::string& what);

 private:
  std::set<std::string> names_;
};

/// One node of the file, as its handler sees it.
class NodeImport {
 public:
  NodeImport(GraphImport& graph, const ::onnx::NodeProto& proto, std::string name);

  [[nodiscard]] GraphImport& graph() const { return *graph_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string op_type() const;
  [[nodiscard]] const Attributes& attributes() const { return attributes_; }

  [[nodiscard]] std::size_t input_count() const;
  [[nodiscard]] std::size_t output_count() const;
  [[nodiscard]] bool has_input(std::size_t index) const;
  /// Throws Problem when the input is left out.
  [[nodiscard]] const Value& input(std::size_t index) const;
  [[nodiscard]] const std::string& input_name(std::size_t index) const;
  [[nodiscard]] NodeId input_node(std::size_t index) const;
  [[nodiscard]] NodeId input_node(std::size_t index, const FeatureShape& shape) const;
  /// A constant with values. Throws Problem otherwise.
  [[nodiscard]] const Constant& constant_input(std::size_t index) const;
  /// Shape of the output of a node: rank 2 and more, batch first.
  [[nodiscard]] Dims batch_dims(const FeatureShape& shape) const;

  void set_output(std::size_t index, Dims dims, NodeId node) const;
  void set_constant(std::size_t index, ConstantPtr constant) const;
  /// The output is the input under another name.
  void set_alias(std::size_t index, std::size_t input) const;
  void note(const std::string& what) const { graph_->note(name_, what); }
  /// Says that the values of a network node are not those of this node: cost models only.
  void mark_not_executable(NodeId id, const std::string& why) const;
  /// Whether another node reads an output, so that it is not just a result of the graph.
  [[nodiscard]] bool is_read_by_node(std::size_t output) const;
  /// A node named after this one, inputs and kind set.
  [[nodiscard]] Node new_node(NodeKind kind, std::vector<NodeId> inputs) const;

 private:
  void set(std::size_t index, Value value, bool source_is_exclusive) const;

  GraphImport* graph_;
  const ::onnx::NodeProto* proto_;
  std::string name_;
  Attributes attributes_;
};

using Handler = void (*)(const NodeImport& node);
/// The handler of an operator type, or null.
[[nodiscard]] Handler find_handler(const std::string& domain, const std::string& op_type);
[[nodiscard]] std::vector<std::string> supported_operators();

/// Computes a node whose inputs are all constants; false when it is not one of the operators of
/// shape arithmetic.
bool fold_constants(const NodeImport& node);

/// Leaves out the nodes that no output needs, and their weights.
void drop_unneeded_nodes(GraphImport& graph);

/// Index along an axis that may count from the end. Throws Problem when outside [-rank, rank).
[[nodiscard]] std::size_t resolve_axis(std::int64_t axis, std::size_t rank);

/// Multiplies a BatchNorm into the weights before it, for every node that has both.
void fold_batch_norms(std::vector<Node>& nodes, WeightMap& weights);
/// Multiplies the weights of a layer by one factor for every output channel.
void scale_output_channels(const Node& node, FloatTensor& weight,
                           const std::vector<float>& factors);

}  // namespace hwflow::onnx_import
