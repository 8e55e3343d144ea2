#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/fusion/block_mapper.hpp"
#include "chip/fusion/fusion_machine.hpp"
#include "chip/fusion/group_search.hpp"
#include "chip/fusion/level_traffic.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// What one layer does in one step.
struct LayerWork {
  std::int64_t cycles = 0;         ///< 0: nothing to do
  std::int64_t buffer_cycles = 0;  ///< of them, what the ports of the buffer need at least
  /// Of the buffer, on the side of the array.
  std::int64_t buffer_read_bits = 0, buffer_written_bits = 0;
  /// From DRAM before the step where tiles are double-buffered: sources that it is the first to
  /// read.
  std::int64_t ahead_bits = 0;
  std::int64_t read_bits = 0;     ///< from DRAM within the step: streamed weights
  std::int64_t written_bits = 0;  ///< its output; after the step where tiles are double-buffered
  /// Of intermediates that the group reads again: nothing runs beside these, because what a step
  /// writes it may read.
  std::int64_t again_read_bits = 0, again_written_bits = 0;
  LayerWork& operator+=(const LayerWork& more);
};

/// What one step of a fused group does.
struct StepWork {
  std::vector<LayerWork> layers;  ///< of the group
  LayerWork all;                  ///< the layers one after the other
};

/// One step, or one slot of a pipeline.
struct SlotWork {
  std::int64_t transfer_cycles = 0;  ///< that the DRAM port is busy
  std::int64_t cycles = 0;
  bool operator==(const SlotWork&) const = default;
};

/// When a fused group does what: all slots of one image, then those of the next, between a prologue
/// and an epilogue of the DRAM port. Steps alike along an axis are kept once.
struct GroupTimeline {
  /// Where the layers share the PEs in space: the stage of each layer. Otherwise a slot is a step.
  std::vector<std::size_t> stages;
  std::vector<SlotWork> slots;  ///< of one image between others
  SlotWork opening, closing;    ///< first slot of the first image, last slot of the last one
  std::int64_t prologue_cycles = 0, epilogue_cycles = 0;
  std::vector<std::size_t> outer_classes, inner_classes;  ///< by step along the axis
  std::vector<std::vector<StepWork>> work;                ///< [outer class][inner class]
  std::int64_t images = 1;
  [[nodiscard]] const StepWork& step(std::size_t outer, std::size_t inner) const {
    return work[outer_classes[outer]][inner_classes[inner]];
  }
  /// Of one image, in order.
  [[nodiscard]] const StepWork& step(std::int64_t number) const {
    const auto place = static_cast<std::size_t>(number);
    return step(place / inner_classes.size(), place % inner_classes.size());
  }
  [[nodiscard]] std::int64_t steps() const {
    return static_cast<std::int64_t>(outer_classes.size() * inner_classes.size());
  }
  [[nodiscard]] const SlotWork& slot(std::int64_t image, std::size_t number) const {
    if (image == 0 && number == 0) return opening;
    if (image + 1 == images && number + 1 == slots.size()) return closing;
    return slots[number];
  }
};

/// What a fused group costs: energy in pJ, time in cycles.
struct GroupCost {
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t compute_cycles = 0;  ///< of all layers, one after the other
  std::int64_t dram_cycles = 0;     ///< that the DRAM port is busy
  double dram_energy_pj = 0.0;
  double mac_energy_pj = 0.0;
  double leakage_pj = 0.0;
  /// Buffer first, then the levels inside it, wires of their fan-outs included; no leakage.
  std::vector<double> level_energy_pj;
  /// What passes through the same levels. On the outer side of the buffer: fetched maps and weights
  /// fill it, outputs drain from it; `dram_energy_pj` holds what that costs, `level_energy_pj` the
  /// rest.
  /// Checked by  tests/support/fused_simulator and nest_simulator, word by word.
  std::vector<LevelTraffic> level_traffic;
  std::int64_t macs = 0;         ///< of all steps
  bool mapped_optimally = true;  ///< the mapper proved every block with whole windows
  GroupTimeline timeline;        ///< adds up to `cycles`
};

/// Prices the schedules of one graph on one machine. Blocks of equal shape are mapped once, by
/// the mapper, from the buffer inward; at the border of a map they read no padding. Thread-safe.
class GroupEvaluator {
 public:
  /// `mappings`: of blocks known already, to which new ones are added; none: it has its own.
  GroupEvaluator(const FusionGraph& graph, const FusionMachine& machine, MapperOptions options,
                 MappingCache* mappings = nullptr);

  /// Errors  blocks that have no mapping.
  [[nodiscard]] Expected<GroupCost> evaluate(const Slice& slice, const GroupPlan& plan,
                                             MappingEffort effort = MappingEffort::full);

  /// The plan with the PEs shared among its layers in space: shares that make the longest stage of
  /// the most frequent step as short as can be (docs/fusion.md).
  /// Returns  none when the group is one stage, its halos are not retained, the pipeline does not
  ///          fit, there are more stages than columns, more steps than are looked at, or it takes
  ///          `below_cycles` at least.
  [[nodiscard]] std::optional<GroupPlan> in_space(const Slice& slice, const GroupPlan& plan,
                                                  std::int64_t below_cycles = std::int64_t{1}
                                                                              << 60);

  /// Has the slice several stages, no more than the array has columns?
  [[nodiscard]] bool has_stages(const Slice& slice) const;
  /// Does a pipeline of the plan fit, whatever its shares? Then in_space() needs no more than
  /// mappings.
  [[nodiscard]] bool fits_in_space(const Slice& slice, const GroupPlan& plan) const;
  /// Mappings of blocks.
  [[nodiscard]] const BlockMapper& blocks() const noexcept { return blocks_; }

  /// Energy and cycles that no schedule of the slice with so much DRAM traffic goes below.
  struct Bound {
    double energy_pj = 0.0;
    std::int64_t cycles = 0;
    std::int64_t dram_bits = 0;
  };
  [[nodiscard]] Bound lower_bound(const Slice& slice, const GroupTraffic& traffic) const;
  /// What the blocks of a group need together.
  struct Computing {
    double energy_pj = 0.0;  ///< without leakage
    std::int64_t cycles = 0;
    PortBits buffer;  ///< on the side of the array
  };
  /// A group that needs so much and moves `traffic`, of it `resident_bits` before its first step.
  [[nodiscard]] Bound with_transfers(const Computing& computing, const GroupTraffic& traffic,
                                     std::int64_t resident_bits = 0) const;
  /// The same for a layer by itself, whatever its mapping; none: the machine does not know its
  /// widths.
  [[nodiscard]] std::optional<Bound> lower_bound_alone(std::size_t layer) const;
  /// As lower_bound, with the layers as they cost when mapped whole from the buffer inward: an
  /// estimate that says where to look first.
  [[nodiscard]] Bound estimate(const Slice& slice, const GroupTraffic& traffic);

  /// Energy of what crosses the DRAM port, both ends.
  [[nodiscard]] double transfer_energy_pj(std::int64_t read_bits, std::int64_t written_bits) const;
  [[nodiscard]] std::int64_t transfer_cycles(std::int64_t read_bits,
                                             std::int64_t written_bits) const;
  [[nodiscard]] double leakage_pj_per_cycle() const noexcept { return leakage_; }

 private:
  const FusionGraph& graph_;
  const FusionMachine& machine_;
  BlockMapper blocks_;
  double leakage_ = 0.0;
};

}  // namespace hwflow::chip
