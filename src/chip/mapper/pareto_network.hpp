#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "chip/mapper/network_mapper.hpp"
#include "chip/mapper/pareto_mapper.hpp"

namespace hwflow::chip {

using ParetoLayer = LayersAlike<ParetoResult>;

/// Sums of one point of every layer that no other sums beat.
struct NetworkFront {
  std::vector<NetworkCost> points;  ///< by the first objective, rising
  /// Per point: which point of its set every layer takes; layers as in ParetoNetwork, each with all
  /// its copies.
  std::vector<std::vector<std::uint32_t>> picks;
  /// Every choice of points of the layers costs at least 1 / (1 + error) of one of these in all
  /// objectives. 0: none is missing.
  double error = 0.0;
};

struct ParetoNetwork {
  std::vector<ParetoLayer> layers;  ///< distinct ones, in order of first occurrence
  NetworkFront front;
  double seconds = 0.0;
  [[nodiscard]] bool is_proved() const;
};

/// Pareto sets of every distinct layer, in parallel on options.mapper.threads; limits hold for each
/// layer. The result does not depend on the number of threads.
/// Errors  as map_layer_pareto, of all layers.
[[nodiscard]] Expected<ParetoNetwork> map_network_pareto(std::span<const Layer> layers,
                                                         const Accelerator& accelerator,
                                                         const ParetoOptions& options,
                                                         const MapProgress& progress = {},
                                                         const std::stop_token& stop = {});

/// The front of sums of one point of every layer, copies on their own. Where more than `most` are
/// left after a layer, they are thinned, and `error` says by how much.
[[nodiscard]] NetworkFront network_front(std::span<const ParetoLayer> layers, std::size_t most);

}  // namespace hwflow::chip
