#include "study/decision_states.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

constexpr std::size_t kLayerNumbers = 8, kLoadNumbers = 5;

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

/// Every column from 0 to 1; one that is the same everywhere is 0.
void scale_columns(std::vector<std::vector<double>>& rows) {
  for (std::size_t k = 0; !rows.empty() && k < rows.front().size(); ++k) {
    const auto [least, most] =
        std::ranges::minmax(rows, {}, [k](const std::vector<double>& row) { return row[k]; });
    const double low = least[k], range = most[k] - least[k];
    for (std::vector<double>& row : rows) row[k] = range > 0.0 ? (row[k] - low) / range : 0.0;
  }
}

}  // namespace

std::vector<LayerFeatures> layer_features(const Network& network,
                                          std::span<const std::size_t> layers) {
  const std::vector<std::int64_t> weights = layer_weights(network);
  std::vector<LayerFeatures> all;
  for (const std::size_t layer : layers) {
    LayerFeatures features = features_of(network, network.compute_nodes()[layer]);
    features.weights = static_cast<double>(weights[layer]);
    features.index = static_cast<double>(all.size());
    all.push_back(features);
  }
  return all;
}

DecisionStates::DecisionStates(const Network& network, std::vector<Decision> decisions,
                               bool has_channels, std::span<const LayerLoad> loads)
    : decisions_(std::move(decisions)), has_channels_(has_channels) {
  std::vector<std::size_t> layers;
  for (const Decision& decision : decisions_) {
    if (layers.empty() || layers.back() != decision.layer) layers.push_back(decision.layer);
  }
  std::vector<std::vector<double>> rows;
  for (const LayerFeatures& f : layer_features(network, layers)) {
    rows.push_back({f.depthwise, f.in_channels, f.out_channels, f.stride, f.kernel, f.weights,
                    f.input_map, f.index});
    if (loads.empty()) continue;
    const LayerLoad& load = loads[layers[rows.size() - 1]];
    rows.back().insert(rows.back().end(), {load.energy, load.cycles, load.dram_bits,
                                           load.utilization, load.is_dram_bound ? 1.0 : 0.0});
  }
  scale_columns(rows);
  for (const Decision& decision : decisions_)
    scaled_.push_back(
        rows[static_cast<std::size_t>(std::ranges::find(layers, decision.layer) - layers.begin())]);
  features_ = kLayerNumbers + (loads.empty() ? 0 : kLoadNumbers) + (has_channels_ ? 3 : 2);
}

std::vector<double> DecisionStates::state(std::size_t decision, double last_share) const {
  using Kind = Decision::Kind;
  std::vector<double> state = scaled_[decision];
  state.push_back(last_share);
  const Kind kind = decisions_[decision].kind;
  state.push_back(kind == Kind::weights ? 1.0 : 0.0);
  if (has_channels_) state.push_back(kind == Kind::channels ? 1.0 : 0.0);
  return state;
}

}  // namespace hwflow::study
