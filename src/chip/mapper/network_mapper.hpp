#pragma once

#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/mapper/distinct_layers.hpp"
#include "chip/mapper/mapper.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

using MappedLayer = LayersAlike<MappingResult>;

/// Sums over all layers of a network, one after another on the whole accelerator.
struct NetworkCost {
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  [[nodiscard]] double edp() const { return energy_pj * static_cast<double>(cycles); }
};

struct NetworkMapping {
  std::vector<MappedLayer> layers;  ///< distinct ones, in order of first occurrence
  double seconds = 0.0;
  [[nodiscard]] NetworkCost total() const;
};

/// What is wrong with the input of map_network(), found before it searches.
[[nodiscard]] Diagnostics check_network(std::span<const Layer> layers,
                                        const Accelerator& accelerator,
                                        const MapperOptions& options);

/// Maps every distinct layer once; limits in `options` hold for each. Layers run in parallel on
/// options.threads, each search on one: the result does not depend on the number.
/// Errors  as map_layer, of all layers.
[[nodiscard]] Expected<NetworkMapping> map_network(std::span<const Layer> layers,
                                                   const Accelerator& accelerator,
                                                   const MapperOptions& options,
                                                   const MapProgress& progress = {},
                                                   const std::stop_token& stop = {});

/// Costs of given mappings, by layer name; a layer without one takes that of an equal layer. Each
/// MappingResult has no certificate (lower_bound 0).
/// Errors  layers without a mapping, names that are no layer, mappings that cannot run.
[[nodiscard]] Expected<NetworkMapping> evaluate_network(
    std::span<const Layer> layers, const Accelerator& accelerator, Objective objective,
    const std::map<std::string, Mapping>& mappings);

}  // namespace hwflow::chip
