#pragma once

#include <memory>
#include <string>

#include "base/diagnostics.hpp"
#include "train/export/graph_writer.hpp"
#include "train/export/onnx_export.hpp"

namespace hwflow::train {

/// What differs between the flavours: how a tensor is rounded to a grid, and how integer weights
/// and biases are written. Problems go to `problems` with the place given by `layer`.
class QuantizerWriter {
 public:
  virtual ~QuantizerWriter() = default;
  virtual std::string activation(const std::string& tensor, const QuantizerGrid& grid,
                                 const std::string& layer) = 0;
  /// `axis`: output channel in `compute.shape`.
  virtual std::string weights(const IntegerCompute& compute, std::size_t axis,
                              const std::string& layer) = 0;
  virtual std::string bias(const IntegerCompute& compute, double input_scale,
                           const std::string& layer) = 0;
};

[[nodiscard]] std::unique_ptr<QuantizerWriter> make_qdq_writer(GraphWriter& graph,
                                                               Diagnostics& problems);
[[nodiscard]] std::unique_ptr<QuantizerWriter> make_qonnx_writer(GraphWriter& graph,
                                                                 Diagnostics& problems);

/// Real value of the bias of output channel `k`.
[[nodiscard]] double real_bias(const IntegerCompute& compute, double input_scale, std::size_t k);
/// Scale of output channel `k` (one for all when there is only one).
[[nodiscard]] double weight_scale(const IntegerCompute& compute, std::size_t k);

}  // namespace hwflow::train
