#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::cli {

/// NETWORK, --arch, --bits, --batch and --auxiliary: what `map` and `evaluate` work on.
struct NetworkInput {
  std::string network;
  std::string arch;
  std::string bits;  ///< "W/A"; empty = uncompressed
  std::int64_t batch = 1;
  bool auxiliary = false;
};
void add_network_options(CLI::App& command, NetworkInput& input);

struct NetworkLayers {
  std::string network;
  chip::Accelerator accelerator;
  std::vector<Layer> layers;
  std::vector<std::string> notes{};  ///< what the reader of the network simplified
};

/// Errors  all problems of the network, the accelerator and the widths together.
[[nodiscard]] Expected<NetworkLayers> load_network_layers(const NetworkInput& input);

}  // namespace hwflow::cli
