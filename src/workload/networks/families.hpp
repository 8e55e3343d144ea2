#pragma once

#include "workload/network.hpp"

/// One maker per built-in network; the registry (builtin_networks.cpp) names size and source.
namespace hwflow::networks {

[[nodiscard]] Network resnet20();
[[nodiscard]] Network resnet32();
[[nodiscard]] Network resnet44();
[[nodiscard]] Network resnet56();
[[nodiscard]] Network fmnist_resnet();

[[nodiscard]] Network resnet8();

}  // namespace hwflow::networks
