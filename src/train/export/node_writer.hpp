#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "train/export/graph_writer.hpp"
#include "train/export/quantizer_writer.hpp"

namespace hwflow::train {

/// Writes the nodes of an integer network, one after the other, into an ONNX graph.
class NodeWriter {
 public:
  NodeWriter(const IntegerNetwork& network, GraphWriter& graph, QuantizerWriter& quantizers,
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
  /// Input edge of a node, rounded to its grid where the node has one; equal grids on the same
  /// tensor share one quantizer.
  std::string input(std::size_t index, std::size_t edge);
  std::string refuse(const Node& node, const std::string& reason);

  const IntegerNetwork& network_;
  GraphWriter& graph_;
  QuantizerWriter& quantizers_;
  Diagnostics& problems_;
  std::vector<std::string> tensors_;
  std::map<std::string, std::string> quantized_;
};

}  // namespace hwflow::train
