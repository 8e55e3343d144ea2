#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "workload/network.hpp"

namespace hwflow {

/// One row of the registry of built-in networks.
struct BuiltinNetwork {
  std::string_view name;         ///< as on the command line: "resnet20"
  std::string_view description;  ///< one line: data set, input size
  std::string_view source;       ///< publication
  Network (*build)();
};

[[nodiscard]] const std::vector<BuiltinNetwork>& builtin_networks();

/// A built-in name. Errors  unknown name, with the nearest one as hint.
[[nodiscard]] Expected<Network> make_builtin_network(std::string_view name);

}  // namespace hwflow
