#pragma once

#include <span>
#include <vector>

#include "study/decisions.hpp"
#include "study/hardware_model.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// What is known of a layer before anything is decided, in its own units.
struct LayerFeatures {
  double depthwise = 0.0;  ///< 1: one channel to a group, and more than one group
  double in_channels = 0.0, out_channels = 0.0;
  double stride = 0.0;  ///< 0: a fully connected layer or a matrix product
  double kernel = 1.0;
  double weights = 0.0;
  double input_map = 1.0;  ///< height times width of what it reads
  double index = 0.0;      ///< among `layers`
};

/// layers  into CompressionPlan::layers
[[nodiscard]] std::vector<LayerFeatures> layer_features(const Network& network,
                                                        std::span<const std::size_t> layers);

/// What an agent sees when it decides: LayerFeatures of the decision's layer and, where they are
/// given, its LayerLoad, each number scaled to 0..1 over the layers that something is decided for
/// (one that is the same everywhere is 0); then the last decision's value as a share of its full
/// one (1 at the start), then 1 when the width of weights is decided, then, where the space has
/// channels, 1 when these are.
class DecisionStates {
 public:
  /// loads         of every layer of a plan; empty: none
  /// has_channels  whether a search has them, at this level or another
  DecisionStates(const Network& network, std::vector<Decision> decisions, bool has_channels,
                 std::span<const LayerLoad> loads = {});

  [[nodiscard]] const std::vector<Decision>& decisions() const noexcept { return decisions_; }
  /// Numbers in a state.
  [[nodiscard]] std::size_t features() const noexcept { return features_; }
  /// last_share  of the decision before
  [[nodiscard]] std::vector<double> state(std::size_t decision, double last_share) const;

 private:
  std::vector<Decision> decisions_;
  std::vector<std::vector<double>> scaled_;  ///< by decision
  bool has_channels_;
  std::size_t features_ = 0;
};

}  // namespace hwflow::study
