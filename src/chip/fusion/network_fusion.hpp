#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/slice_cache.hpp"
#include "chip/mapper/network_mapper.hpp"

namespace hwflow::chip {

/// As map_layer().
using LayerMapper = std::function<Expected<MappingResult>(
    const Layer&, const Accelerator&, const MapperOptions&, const std::stop_token&)>;

struct FusionOptions {
  Objective objective = Objective::dram;
  std::optional<std::size_t> max_group;  ///< layers of a group at most, poolings and adds included
  GroupSpaceOptions space;
  /// All layers in one group; what they cost by themselves is not looked at.
  bool one_group = false;
  /// May the layers of a group share the PEs in space, as a pipeline? (Not for objective dram.)
  bool share_in_space = false;
  /// Of single layers and of blocks; its objective is that of the fusion (dram: EDP for blocks).
  MapperOptions mapper;
  /// Energy, latency, EDP: price every schedule that its bound does not show to be of no use, with
  /// blocks mapped in full. A time limit does so until it is over.
  bool prove = false;
  /// Energy, latency, EDP: schedules of a slice that are kept by their bounds, and how many of them
  /// are priced at first.
  std::size_t plans_kept = 24, plans_priced = 3;
  std::optional<double> time_limit_seconds;
  int threads = 1;
  /// Shared by calls, see MappingCache: single layers and blocks are looked up there. None: blocks
  /// have a cache for the call, and single layers are mapped from scratch.
  MappingCache* mappings = nullptr;
  SliceCache* slices = nullptr;  ///< shared by calls; none: every slice is searched
  LayerMapper map_alone;         ///< of single layers; none: `mappings`, or map_layer()
};

/// One part of the partition: a fused group, or a layer by itself as the mapper maps it.
struct FusedGroup {
  Slice slice;
  std::vector<std::string> layers;
  std::optional<GroupPlan> plan;  ///< of a fused group
  std::optional<GroupCost> cost;  ///< of a fused group
  /// With which energy and cycles of a fused group were found; none: they are not known.
  std::optional<MappingEffort> effort;
  std::optional<MappingResult> alone;  ///< of a layer by itself, all images
  NetworkCost total;
  std::int64_t peak_buffer_bits = 0;
  double value = 0.0;  ///< of the objective
  /// No schedule of this slice with which the network could cost less is cheaper.
  double lower_bound = 0.0;
};

struct NetworkFusion {
  std::vector<FusedGroup> groups;
  NetworkCost total;
  /// Every layer by itself, poolings and additions too: the mapper's optimum. None: some layer
  /// has no mapping, or all were to form one group.
  std::optional<NetworkCost> single_layers;
  std::vector<MappedLayer> single_mappings;
  bool single_layers_optimal = false;
  std::int64_t compulsory_dram_bits = 0;  ///< network inputs, outputs and weights once
  /// Every layer with MACs by itself, but with the poolings and additions that follow it, each word
  /// once: a baseline that joins them for nothing.
  std::int64_t separate_dram_bits = 0;
  double value = 0.0, lower_bound = 0.0;
  bool optimal = false;
  /// Energy, latency, EDP: no schedule of the space costs less with its blocks as they are mapped.
  bool is_best_as_mapped = false;
  PhaseCounts counts;
  std::int64_t slices = 0;           ///< that a partition may be made of
  std::int64_t slices_searched = 0;  ///< the bounds of the others show that they are not needed
  double seconds = 0.0;
  double single_layer_seconds = 0.0;  ///< of them, mapping the layers by themselves
  [[nodiscard]] double gap() const { return value > 0 ? (value - lower_bound) / value : 0.0; }
};

/// Called now and then from one thread: slices searched, and the objective found against its bound.
using FusionProgress = std::function<void(std::int64_t searched, double value, double lower_bound)>;

/// The cheapest partition of the network into fused groups (docs/fusion.md). The result does not
/// depend on the number of threads unless time ends the search.
/// Errors  layers that neither fit by themselves nor into any group; one group that does not fit,
///         with the room that it needs; machines without a buffer.
[[nodiscard]] Expected<NetworkFusion> fuse_network(const FusionGraph& graph,
                                                   const FusionMachine& machine,
                                                   const FusionOptions& options,
                                                   const FusionProgress& progress = {},
                                                   std::stop_token stop = {});

}  // namespace hwflow::chip
