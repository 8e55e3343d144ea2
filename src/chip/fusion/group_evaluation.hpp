#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/fusion/fusion_machine.hpp"
#include "chip/fusion/group_search.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// What one step of a fused group does.
struct StepWork {
  std::vector<std::int64_t> layer_cycles;  ///< by layer of the group; 0: nothing to do
  std::int64_t read_bits = 0, written_bits = 0;
  std::int64_t transfer_cycles = 0;  ///< that the DRAM port is busy
  std::int64_t cycles = 0;           ///< of the step as a whole
};

/// When a fused group does what: all steps of one image, then those of the next, between a prologue
/// and an epilogue of the DRAM port. Steps alike along an axis are kept once.
struct GroupTimeline {
  std::int64_t prologue_cycles = 0, epilogue_cycles = 0;
  std::vector<std::size_t> outer_classes, inner_classes;  ///< by step along the axis
  std::vector<std::vector<StepWork>> work;                ///< [outer class][inner class]
  std::int64_t images = 1;
  [[nodiscard]] const StepWork& step(std::size_t outer, std::size_t inner) const {
    return work[outer_classes[outer]][inner_classes[inner]];
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
  std::int64_t macs = 0;         ///< of all steps
  bool mapped_optimally = true;  ///< the mapper proved every block
  GroupTimeline timeline;        ///< adds up to `cycles`
};

/// Prices the schedules of one graph on one machine. Blocks of equal shape are mapped once, by
/// the mapper, from the buffer inward. Thread-safe.
class GroupEvaluator {
 public:
  /// `mappings`: of blocks known already, to which new ones are added; none: it has its own.
  GroupEvaluator(const FusionGraph& graph, const FusionMachine& machine, MapperOptions options,
                 MappingCache* mappings = nullptr);

  /// Errors  blocks that have no mapping.
  [[nodiscard]] Expected<GroupCost> evaluate(const Slice& slice, const GroupPlan& plan);

  /// Energy and cycles that no schedule of the slice with so much DRAM traffic goes below.
  struct Bound {
    double energy_pj = 0.0;
    std::int64_t cycles = 0;
  };
  [[nodiscard]] Bound lower_bound(const Slice& slice, const GroupTraffic& traffic) const;
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
  MapperOptions options_;
  MappingCache own_cache_;
  MappingCache& cache_;
  double leakage_ = 0.0;
};

}  // namespace hwflow::chip
