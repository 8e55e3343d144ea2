#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "train/export/graph_writer.hpp"
#include "train/export/parameter_writer.hpp"

namespace hwflow::train {

/// Pixels scaled to 0..1 become (pixel - mean) / deviation, by channel.
struct InputScale {
  const std::vector<float>&mean, &deviation;
};

/// Writes the nodes of a network without BatchNorm, one after the other, into an ONNX graph.
class NodeWriter {
 public:
  NodeWriter(const Network& network, InputScale scale, GraphWriter& graph, ParameterWriter& numbers,
             Diagnostics& problems);

  void write(std::size_t index);
  /// The ONNX tensor that holds the output of a node already written.
  [[nodiscard]] const std::string& tensor_of(NodeId id) const;

 private:
  std::string write_body(std::size_t index, const Node& node);
  std::string write_image(const Node& node);
  std::string write_convolution(std::size_t index, const Node& node);
  std::string write_fully_connected(std::size_t index, const Node& node);
  std::string write_pooling(std::size_t index, const Node& node);
  std::string write_pad(const Node& node, const std::string& source);
  std::string write_subsample(const Node& node);
  std::string write_reshape(const Node& node);
  std::string write_activation(const Node& node, const std::string& source);
  /// Input edge of a node, as its numbers want it.
  std::string input(std::size_t index, std::size_t edge);
  std::string refuse(const Node& node, const std::string& reason);

  const Network& network_;
  InputScale scale_;
  GraphWriter& graph_;
  ParameterWriter& numbers_;
  Diagnostics& problems_;
  std::vector<std::string> tensors_;
};

}  // namespace hwflow::train
