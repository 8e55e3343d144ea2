#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "train/export/graph_writer.hpp"
#include "train/export/quantizer_writer.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// What NodeWriter asks of the numbers of a network: integers, or floats.
class ParameterWriter {
 public:
  virtual ~ParameterWriter() = default;
  /// `tensor` as an input edge of a node reads it.
  virtual std::string input(std::size_t index, std::size_t edge, const std::string& tensor) = 0;
  /// Weights and, where there is one, bias of a compute node; none: it has none to write.
  /// `axis`: output channel in the weights' shape.
  virtual std::vector<std::string> parameters(std::size_t index, std::size_t axis) = 0;
};

/// Codes, and edges rounded to their grids; equal grids on one tensor share a quantizer.
class IntegerParameters final : public ParameterWriter {
 public:
  IntegerParameters(const IntegerNetwork& network, QuantizerWriter& quantizers)
      : network_(network), quantizers_(quantizers) {}
  std::string input(std::size_t index, std::size_t edge, const std::string& tensor) override;
  std::vector<std::string> parameters(std::size_t index, std::size_t axis) override;

 private:
  const IntegerNetwork& network_;
  QuantizerWriter& quantizers_;
  std::map<std::string, std::string> quantized_;
};

/// Weights as they are; edges are not rounded.
class FloatParameters final : public ParameterWriter {
 public:
  FloatParameters(const Network& network, const WeightMap& weights, GraphWriter& graph)
      : network_(network), weights_(weights), graph_(graph) {}
  std::string input(std::size_t index, std::size_t edge, const std::string& tensor) override;
  std::vector<std::string> parameters(std::size_t index, std::size_t axis) override;

 private:
  const Network& network_;
  const WeightMap& weights_;
  GraphWriter& graph_;
};

}  // namespace hwflow::train
