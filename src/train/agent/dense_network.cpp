#include "train/agent/dense_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.hpp"
#include "train/agent/matrix_product.hpp"

namespace hwflow::train {

DenseNetwork::DenseNetwork(std::vector<std::size_t> sizes) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const std::size_t weights = sizes[i] * sizes[i + 1];
    layers_.push_back({sizes[i], sizes[i + 1], count, count + weights});
    count += weights + sizes[i + 1];
  }
  parameters_.assign(count, 0.0F);
}

void DenseNetwork::randomise(Rng& rng, std::span<const std::size_t> input_groups) {
  HWFLOW_CHECK(std::reduce(input_groups.begin(), input_groups.end()) == layers_.front().inputs,
               "groups of other inputs");
  std::ranges::fill(parameters_, 0.0F);
  for (const Layer& layer : layers_) {
    std::vector<std::size_t> groups{layer.inputs};
    if (&layer == layers_.data()) groups.assign(input_groups.begin(), input_groups.end());
    float* weight = parameters_.data() + layer.weights;
    for (const std::size_t inputs : groups) {
      const double bound = 1.0 / std::sqrt(static_cast<double>(inputs));
      const auto draw = [&] { return static_cast<float>(bound * (2.0 * rng.uniform() - 1.0)); };
      for (std::size_t i = 0; i < inputs * layer.outputs; ++i) *weight++ = draw();
      for (std::size_t i = 0; i < layer.outputs; ++i) parameters_[layer.biases + i] += draw();
    }
  }
}

DenseNetwork::Trace DenseNetwork::forward(std::vector<float> inputs) const {
  Trace trace;
  trace.values.push_back(std::move(inputs));
  const std::span<const float> all(parameters_);
  for (const Layer& layer : layers_) {
    const std::vector<float>& x = trace.values.back();
    const std::size_t rows = x.size() / layer.inputs;
    std::vector<float> y(rows * layer.outputs);
    const auto biases = all.subspan(layer.biases, layer.outputs);
    for (std::size_t row = 0; row < rows; ++row) {
      std::ranges::copy(biases, y.begin() + static_cast<std::ptrdiff_t>(row * layer.outputs));
    }
    add_product(x, all.subspan(layer.weights, layer.inputs * layer.outputs), y,
                {layer.inputs, layer.outputs});
    if (&layer != &layers_.back()) {
      for (float& value : y) value = std::max(value, 0.0F);
    }
    trace.values.push_back(std::move(y));
  }
  return trace;
}

std::vector<float> DenseNetwork::backward(const Trace& trace, std::vector<float> outputs,
                                          std::span<float> gradient) {
  std::vector<float> upstream = std::move(outputs);
  const std::span<const float> all(parameters_);
  for (std::size_t l = layers_.size(); l-- > 0;) {
    const Layer& layer = layers_[l];
    const std::vector<float>& x = trace.values[l];
    const std::size_t rows = x.size() / layer.inputs;
    if (!gradient.empty()) {
      transpose(x, layer.inputs, scratch_);
      add_product(scratch_, upstream, gradient.subspan(layer.weights, layer.inputs * layer.outputs),
                  {rows, layer.outputs});
      scratch_.assign(rows, 1.0F);
      add_product(scratch_, upstream, gradient.subspan(layer.biases, layer.outputs),
                  {rows, layer.outputs});
    }
    std::vector<float> inputs(rows * layer.inputs, 0.0F);
    transpose(all.subspan(layer.weights, layer.inputs * layer.outputs), layer.outputs, scratch_);
    add_product(upstream, scratch_, inputs, {layer.outputs, layer.inputs});
    if (l > 0) {  // x came out of a ReLU
      for (std::size_t i = 0; i < x.size(); ++i) inputs[i] = x[i] > 0.0F ? inputs[i] : 0.0F;
    }
    upstream = std::move(inputs);
  }
  return upstream;
}

}  // namespace hwflow::train
