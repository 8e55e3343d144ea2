#include "study/layer_states.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "study/hardware_model.hpp"

namespace hwflow::study {
namespace {

bool is_convolution(const Node& node) {
  return node.kind == NodeKind::convolution || node.kind == NodeKind::transposed_convolution;
}

LayerFeatures features_of(const Network& network, NodeId id) {
  const Node& node = network.node(id);
  LayerFeatures features;
  if (is_convolution(node)) {
    const ConvShape& conv = node.conv;
    features.depthwise = conv.is_depthwise() ? 1.0 : 0.0;
    features.in_channels = static_cast<double>(conv.in_channels);
    features.out_channels = static_cast<double>(conv.out_channels);
    features.stride = static_cast<double>(conv.stride_height);
    features.kernel = static_cast<double>(conv.kernel_height);
    features.input_map = static_cast<double>(conv.in_height * conv.in_width);
    return features;
  }
  const std::optional<Operator> op = network.operator_of(id, 1);
  HWFLOW_CHECK(op.has_value(), "compute node without an operator");
  features.in_channels = static_cast<double>(op->bound(Dim::c));
  features.out_channels = static_cast<double>(op->bound(Dim::k));
  return features;
}

}  // namespace

std::vector<LayerFeatures> layer_features(const Network& network, const PlanSpace& space) {
  const std::vector<std::int64_t> weights = layer_weights(network);
  std::vector<LayerFeatures> all;
  for (const std::size_t layer : space.free_layers()) {
    LayerFeatures features = features_of(network, network.compute_nodes()[layer]);
    features.weights = static_cast<double>(weights[layer]);
    features.index = static_cast<double>(all.size());
    all.push_back(features);
  }
  return all;
}

LayerStates::LayerStates(const Network& network, const PlanSpace& space)
    : greatest_width_(std::max(space.weight_bits().back(), space.input_bits().back())) {
  for (const LayerFeatures& f : layer_features(network, space)) {
    scaled_.push_back({f.depthwise, f.in_channels, f.out_channels, f.stride, f.kernel, f.weights,
                       f.input_map, f.index});
  }
  for (std::size_t k = 0; k < kStatic; ++k) {
    const auto [least, most] =
        std::ranges::minmax(scaled_, {}, [k](const auto& features) { return features[k]; });
    const double low = least[k], range = most[k] - least[k];
    for (auto& features : scaled_) features[k] = range > 0.0 ? (features[k] - low) / range : 0.0;
  }
}

std::vector<double> LayerStates::state(std::size_t layer, bool chooses_weights,
                                       int last_width) const {
  std::vector<double> state(scaled_[layer].begin(), scaled_[layer].end());
  state.push_back(last_width > 0 ? last_width / greatest_width_ : 1.0);
  state.push_back(chooses_weights ? 1.0 : 0.0);
  return state;
}

}  // namespace hwflow::study
