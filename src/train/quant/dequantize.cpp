#include "train/quant/dequantize.hpp"

#include <utility>

namespace hwflow::train {
namespace {

double scale_of(const IntegerCompute& compute, std::size_t channel) {
  return compute.scales[compute.scales.size() == 1 ? 0 : channel];
}

FloatTensor real_weights(const IntegerCompute& compute) {
  FloatTensor tensor{compute.shape, {}};
  const std::size_t per_channel = compute.codes.size() / compute.bias.size();
  for (std::size_t i = 0; i < compute.codes.size(); ++i) {
    tensor.values.push_back(
        static_cast<float>(scale_of(compute, i / per_channel) * compute.codes[i]));
  }
  return tensor;
}

FloatTensor real_bias(const IntegerCompute& compute, double input_scale) {
  FloatTensor tensor{{static_cast<std::int64_t>(compute.bias.size())}, {}};
  for (std::size_t k = 0; k < compute.bias.size(); ++k) {
    tensor.values.push_back(static_cast<float>(static_cast<double>(compute.bias[k]) *
                                               scale_of(compute, k) * input_scale));
  }
  return tensor;
}

}  // namespace

QuantizedNetwork dequantize(const IntegerNetwork& network) {
  QuantizedNetwork made{network.network, {}, network.plan, {}, {}, network.kept};
  made.normalization = {network.input_mean, network.input_std};
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const IntegerNode& node = network.nodes[i];
    QuantizedNode& quantized = made.nodes.emplace_back();
    quantized.inputs = node.inputs;
    if (!node.compute) continue;
    const IntegerCompute& compute = *node.compute;
    quantized.weights = {compute.bits, {compute.low, compute.high}, compute.scales};
    const std::string& name = network.network.nodes()[i].name;
    made.weights[name + ".weight"] = real_weights(compute);
    made.weights[name + ".bias"] = real_bias(compute, node.inputs[0].scale);
  }
  return made;
}

}  // namespace hwflow::train
