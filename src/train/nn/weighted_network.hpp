#pragma once

#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// A float network that can be run: `weights` has exactly the tensors that the network needs (see
/// match_weights).
struct WeightedNetwork {
  Network network;
  WeightMap weights;
};

}  // namespace hwflow::train
