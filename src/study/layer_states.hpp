#pragma once

#include <array>
#include <vector>

#include "study/plan_space.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// What is known of a layer before any width is chosen, in its own units.
struct LayerFeatures {
  double depthwise = 0.0;  ///< 1: one channel to a group, and more than one group
  double in_channels = 0.0, out_channels = 0.0;
  double stride = 0.0;  ///< 0: a fully connected layer or a matrix product
  double kernel = 1.0;
  double weights = 0.0;
  double input_map = 1.0;  ///< height times width of what it reads
  double index = 0.0;      ///< among the layers that are not pinned
};

/// Of the layers that are not pinned, in order.
[[nodiscard]] std::vector<LayerFeatures> layer_features(const Network& network,
                                                        const PlanSpace& space);

/// What an agent sees when it chooses a width: LayerFeatures, each scaled to 0..1 over the layers
/// (one that is the same everywhere is 0), then the last width chosen as a share of the greatest
/// allowed one (1 at the start), then 1 when the width of weights is to be chosen, 0 for inputs.
class LayerStates {
 public:
  static constexpr std::size_t kFeatures = 10;

  LayerStates(const Network& network, const PlanSpace& space);

  [[nodiscard]] std::size_t layers() const noexcept { return scaled_.size(); }
  /// last_width  bits; 0: nothing was chosen yet
  [[nodiscard]] std::vector<double> state(std::size_t layer, bool chooses_weights,
                                          int last_width) const;

 private:
  static constexpr std::size_t kStatic = kFeatures - 2;
  std::vector<std::array<double, kStatic>> scaled_;
  double greatest_width_;
};

}  // namespace hwflow::study
