#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "chip/fusion/fusion_graph.hpp"
#include "chip/fusion/fusion_machine.hpp"
#include "chip/mapper/network_mapper.hpp"

namespace hwflow::chip {

/// As map_layer() with the other arguments settled.
using MapAlone =
    std::function<Expected<MappingResult>(const Layer&, const Accelerator&, const MapperOptions&)>;

/// The layers of a graph by themselves.
struct SingleLayers {
  std::vector<MappedLayer> mappings;  ///< distinct ones; what has no mapping is empty
  std::map<std::string, const MappingResult*> by_name;  ///< of `mappings`
  std::optional<NetworkCost> total;                     ///< none: some layer has no mapping
  bool all_optimal = true;
};

/// Every layer, all images, on every machine that a layer by itself may use; the better one counts.
/// `seconds`: for all of them together; none: no limit.
[[nodiscard]] SingleLayers map_single_layers(const FusionGraph& graph, const FusionMachine& machine,
                                             const MapperOptions& options, const MapAlone& map,
                                             std::optional<double> seconds, int threads);

}  // namespace hwflow::chip
