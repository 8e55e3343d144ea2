#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "chip/fusion/group_cost.hpp"
#include "workload/network.hpp"

namespace hwflow::testing {

/// What one layer computes in one step: each of these rows in each of these columns.
struct ComputedBlock {
  std::size_t layer = 0;  ///< of the group
  std::set<std::int64_t> rows, columns;
};

/// A fused group executed pixel by pixel.
/// Bits that cross the DRAM port for one step of one image; weights that stay are in none.
struct StepTransfers {
  std::int64_t source_bits = 0;  ///< of what others made
  std::int64_t weight_bits = 0, written_bits = 0;
  /// Of what the group itself writes and reads again; in none of the others.
  std::int64_t again_read_bits = 0, again_written_bits = 0;
};

struct FusedSimulation {
  chip::GroupTraffic traffic;
  std::vector<StepTransfers> transfers;  ///< by step
  /// Words that crossed the DRAM port: feature maps and weights inward, outputs outward.
  std::int64_t map_words = 0, weight_words = 0, output_words = 0;
  /// Of one image, in the order in which they are computed; empty ones left out.
  std::vector<ComputedBlock> blocks;
  /// Live bits of feature maps at every step (outer, then inner), one number a layer.
  std::vector<std::vector<std::int64_t>> live;
  std::int64_t peak_bits = 0;
  std::int64_t staging_bits = 0, weight_staging_bits = 0;
  std::vector<std::int64_t> made_pixels;    ///< by layer, one image
  std::vector<std::int64_t> working_steps;  ///< by layer
  /// Pixels kept although no kept reader will read them, at most, by tensor.
  std::vector<std::int64_t> kept_in_vain;
  /// Broken promises: a value made twice, read before it is there or after it is gone, an output
  /// that is never written.
  std::vector<std::string> faults;
};

/// Runs the group with explicit sets of rows, columns and pixels. What a pixel reads comes from the
/// definitions of the nodes (kernel taps one by one, through views), not from AxisMap; counts come
/// from the sets, not from closed forms. Widths and the list of tensors are those of `group`.
[[nodiscard]] FusedSimulation simulate_fused(const Network& network, const chip::FusionGraph& graph,
                                             const chip::Group& group,
                                             const chip::GroupSchedule& schedule,
                                             bool double_buffered);

/// The same group as a pipeline.
struct PipelineSimulation {
  std::vector<std::int64_t> live;  ///< bits of feature maps by slot of one image
  std::vector<std::string> faults;
};

/// Runs the stages side by side with explicit sets of pixels, each a step behind the one before it.
/// What a stage reads must have been made in an earlier slot, or in this one by its own layers. A
/// value is there from the slot that makes it to the last one whose readers want it, with what the
/// staircase of a reader holds besides: of later bands all from the first row that it wants on, of
/// the present band all from the first row and column on. `stages`: of the layers.
[[nodiscard]] PipelineSimulation simulate_pipeline(const Network& network,
                                                   const chip::FusionGraph& graph,
                                                   const chip::Group& group,
                                                   const chip::GroupSchedule& schedule,
                                                   const std::vector<std::size_t>& stages);

}  // namespace hwflow::testing
