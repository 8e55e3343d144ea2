#include "chip/fusion/single_layers.hpp"

#include <algorithm>
#include <utility>

#include "base/parallel.hpp"

namespace hwflow::chip {
namespace {

/// What holds for both machines together.
MappingResult better_of(MappingResult&& a, MappingResult&& b) {
  const double bound = std::min(a.lower_bound, b.lower_bound);
  MappingResult better = std::move(b.value < a.value ? b : a);
  better.lower_bound = bound;
  better.optimal = bound >= better.value * (1.0 - 1e-12);
  return better;
}

}  // namespace

SingleLayers map_single_layers(const FusionGraph& graph, const FusionMachine& machine,
                               const MapperOptions& options, const MapAlone& map,
                               std::optional<double> seconds, int threads) {
  std::vector<Layer> layers;
  for (const FusionLayer& layer : graph.layers) layers.push_back(layer.batched);
  SingleLayers singles;
  singles.mappings = distinct_layers<MappingResult>(layers);
  std::vector<std::optional<MappingResult>> found(singles.mappings.size());
  MapperOptions one = options;
  one.threads = 1;
  if (seconds) {
    one.time_limit_seconds = *seconds * std::min(threads, static_cast<int>(found.size())) /
                             static_cast<double>(found.size() * machine.alone.size());
  }
  parallel_for(found.size(), threads, [&](std::size_t i) {
    for (const Accelerator& alone : machine.alone) {
      auto mapped = map(singles.mappings[i].layer, alone, one);
      if (!mapped) continue;
      found[i] =
          found[i] ? better_of(std::move(*found[i]), std::move(*mapped)) : std::move(*mapped);
    }
  });
  NetworkCost total;
  bool all = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    MappedLayer& layer = singles.mappings[i];
    all = all && found[i].has_value();
    if (!found[i]) continue;
    layer.result = std::move(*found[i]);
    singles.all_optimal = singles.all_optimal && layer.result.optimal;
    total.energy_pj += static_cast<double>(layer.count()) * layer.result.cost.energy_pj;
    total.cycles += layer.count() * layer.result.cost.cycles;
    total.dram_bits += layer.count() * layer.result.cost.dram_bits;
    for (const std::string& name : layer.names) singles.by_name[name] = &layer.result;
  }
  if (all) singles.total = total;
  return singles;
}

}  // namespace hwflow::chip
