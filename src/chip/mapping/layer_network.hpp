#pragma once

#include "base/expected.hpp"
#include "workload/layer.hpp"
#include "workload/network.hpp"

namespace hwflow::chip {

/// A network of one convolution that lowers to this operator at batch 1: how a layer of another
/// tool becomes a network file. Its batch is left to --batch.
/// Errors  operators that no convolution makes.
[[nodiscard]] Expected<Network> network_of(const Layer& layer);

}  // namespace hwflow::chip
