#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hwflow::train {

/// Adds nodes and constants to an ONNX graph; every method returns the name of the tensor it made.
/// A graph names each tensor once: of equal names asked for, the first is given as it is, the next
/// ones get "_2", "_3", ... at their end.
class GraphWriter {
 public:
  /// `input`: name of the graph's input, which no other tensor gets.
  GraphWriter(onnx::GraphProto& graph, std::string input) : graph_(graph), input_(input) {
    names_.insert(std::move(input));
  }

  [[nodiscard]] const std::string& input() const { return input_; }

  /// A node with one output; attributes are set on the node it returns through `node()`.
  std::string add(const std::string& op_type, const std::vector<std::string>& inputs,
                  const std::string& output);
  /// The node added last.
  [[nodiscard]] onnx::NodeProto& node() { return *graph_.mutable_node(graph_.node_size() - 1); }

  void attribute(const std::string& key, std::int64_t value);
  void attribute(const std::string& key, float value);
  void attribute(const std::string& key, const std::string& value);
  void attribute(const std::string& key, const std::vector<std::int64_t>& values);

  std::string floats(const std::string& tensor, const std::vector<std::int64_t>& shape,
                     const std::vector<float>& values);
  std::string scalar(const std::string& tensor, float value) { return floats(tensor, {}, {value}); }
  std::string int64s(const std::string& tensor, const std::vector<std::int64_t>& values);
  std::string int8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                    const std::vector<std::int8_t>& values);
  std::string uint8s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                     const std::vector<std::uint8_t>& values);
  std::string int32s(const std::string& tensor, const std::vector<std::int64_t>& shape,
                     const std::vector<std::int32_t>& values);

 private:
  onnx::TensorProto& constant(const std::string& tensor, const std::vector<std::int64_t>& shape,
                              onnx::TensorProto::DataType type);
  onnx::AttributeProto& new_attribute(const std::string& key,
                                      onnx::AttributeProto::AttributeType type);

  std::string free_name(const std::string& wanted);

  onnx::GraphProto& graph_;
  std::string input_;
  std::set<std::string> names_;
};

}  // namespace hwflow::train
