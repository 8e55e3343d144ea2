#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator_input.hpp"
#include "chip/mapping/layer_input.hpp"
#include "cli/command.hpp"
#include "workload/layer.hpp"
#include "workload/network.hpp"

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
  /// What readers of the network simplified; of files of other tools, what they passed over.
  std::vector<std::string> notes{};
  chip::AcceleratorInput machine{accelerator};  ///< with the names that mappings may use
  std::vector<chip::LayerInput> inputs{};       ///< the layers, with such names
};

/// A network of ours (not a list of layers of another tool), with what lowers it.
struct NetworkGraph {
  Network network;
  CompressionPlan plan;
  LoweringOptions lowering;
  chip::AcceleratorInput machine;
  std::vector<std::string> notes;  ///< of the reader of the network
};
/// Errors  all problems of the network, the accelerator and the widths together; lists of layers.
[[nodiscard]] Expected<NetworkGraph> load_network_graph(const NetworkInput& input);

/// The network may be a file of another tool (a Timeloop problem), the accelerator too.
/// Errors  all problems of the network, the accelerator and the widths together.
[[nodiscard]] Expected<NetworkLayers> load_network_layers(const NetworkInput& input);
/// Notes of the network and of the accelerator.
[[nodiscard]] std::vector<std::string> all_notes(const NetworkLayers& network);
void print_notes(const GlobalOptions& global, const NetworkInput& input,
                 const NetworkLayers& network);
/// As load_network_layers(), without an accelerator: widths of --bits, or 16.
[[nodiscard]] Expected<NetworkLayers> load_layers_alone(const NetworkInput& input);

}  // namespace hwflow::cli
