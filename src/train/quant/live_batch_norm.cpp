#include "train/quant/live_batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

bool keeps_codes(const WeightQuantizer& weights, std::int64_t channels) {
  return weights.bits == kFloatBits || (!weights.dorefa && std::ssize(weights.scales) == channels);
}

Network remade(const Network& network, std::vector<Node> nodes) {
  auto made = Network::make(network.name(), std::move(nodes), network.outputs());
  HWFLOW_CHECK(made.has_value(), "a network stays one with other norms");
  return std::move(*made);
}

void insert(const Node& node, const SumStatistics& sums, WeightMap& weights) {
  const std::vector<float> bias = weights.at(node.name + ".bias").values;
  weights.erase(node.name + ".bias");
  const auto channels = static_cast<std::int64_t>(bias.size());
  FloatTensor gain{{channels}, {}}, shift{{channels}, {}}, mean{{channels}, {}},
      variance{{channels}, {}};
  for (std::size_t k = 0; k < bias.size(); ++k) {
    const double at = sums.sum[k] / static_cast<double>(sums.count);
    const double spread =
        std::max(0.0, sums.squares[k] / static_cast<double>(sums.count) - at * at);
    gain.values.push_back(static_cast<float>(std::sqrt(spread + node.batch_norm_epsilon)));
    shift.values.push_back(static_cast<float>(at));
    mean.values.push_back(static_cast<float>(at - bias[k]));
    variance.values.push_back(static_cast<float>(spread));
  }
  const std::string norm = node.name + ".batch_norm.";
  weights[norm + "weight"] = std::move(gain);
  weights[norm + "bias"] = std::move(shift);
  weights[norm + "running_mean"] = std::move(mean);
  weights[norm + "running_var"] = std::move(variance);
}

/// Takes the tensor out of the map.
std::vector<float> taken(WeightMap& weights, const std::string& name) {
  std::vector<float> values = std::move(weights.at(name).values);
  weights.erase(name);
  return values;
}

void fold(const Node& node, WeightQuantizer& quantizer, WeightMap& weights) {
  const std::string norm = node.name + ".batch_norm.";
  const std::vector<float> gain = taken(weights, norm + "weight");
  const std::vector<float> shift = taken(weights, norm + "bias");
  const std::vector<float> mean = taken(weights, norm + "running_mean");
  const std::vector<float> variance = taken(weights, norm + "running_var");
  std::vector<float>& weight = weights.at(node.name + ".weight").values;
  const std::size_t per_channel = weight.size() / gain.size();
  FloatTensor bias{{std::ssize(gain)}, {}};
  for (std::size_t k = 0; k < gain.size(); ++k) {
    const double factor = gain[k] / std::sqrt(double{variance[k]} + node.batch_norm_epsilon);
    HWFLOW_CHECK(factor > 0.0, "a gain of BatchNorm is not positive");
    for (std::size_t i = k * per_channel; i < (k + 1) * per_channel; ++i)
      weight[i] = static_cast<float>(weight[i] * factor);
    if (!quantizer.scales.empty()) quantizer.scales[k] *= factor;
    bias.values.push_back(static_cast<float>(shift[k] - mean[k] * factor));
  }
  weights[node.name + ".bias"] = std::move(bias);
}

}  // namespace

QuantizedNetwork with_batch_norm(const QuantizedNetwork& folded,
                                 std::span<const SumStatistics> sums) {
  HWFLOW_CHECK(sums.size() == folded.nodes.size(), "one statistic per node");
  QuantizedNetwork result = folded;
  std::vector<Node> nodes = folded.network.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind != NodeKind::convolution || sums[i].count == 0 ||
        !keeps_codes(folded.nodes[i].weights, output_channels(nodes[i])))
      continue;
    nodes[i].has_batch_norm = true;
    nodes[i].has_bias = false;
    insert(nodes[i], sums[i], result.weights);
  }
  result.network = remade(folded.network, std::move(nodes));
  return result;
}

QuantizedNetwork without_batch_norm(const QuantizedNetwork& normalized) {
  QuantizedNetwork result = normalized;
  std::vector<Node> nodes = normalized.network.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].has_batch_norm) continue;
    HWFLOW_CHECK(!nodes[i].has_bias, "a BatchNorm has the bias");
    fold(nodes[i], result.nodes[i].weights, result.weights);
    nodes[i].has_batch_norm = false;
    nodes[i].has_bias = true;
  }
  result.network = remade(normalized.network, std::move(nodes));
  make_room_for_biases(result);
  return result;
}

std::vector<SumStatistics> sums_of_batch_norm(const QuantizedNetwork& normalized) {
  std::vector<SumStatistics> sums(normalized.nodes.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const Node& node = normalized.network.nodes()[i];
    if (!node.has_batch_norm) continue;
    const std::string norm = node.name + ".batch_norm.";
    const std::vector<float>& gain = normalized.weights.at(norm + "weight").values;
    const std::vector<float>& shift = normalized.weights.at(norm + "bias").values;
    for (std::size_t k = 0; k < gain.size(); ++k) {
      sums[i].sum.push_back(shift[k]);
      sums[i].squares.push_back(double{shift[k]} * shift[k] + double{gain[k]} * gain[k]);
    }
    sums[i].count = 1;
  }
  return sums;
}

}  // namespace hwflow::train
