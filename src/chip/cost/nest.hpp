#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/cost.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A loop of the flattened nest that really turns (more than one trip over the largest tile).
struct NestLoop {
  Dim dim = Dim::n;
  bool spatial = false;
  LevelIndex level = 0;
  std::int64_t tile = 1;   ///< elements of `dim` below one iteration (the last may have fewer)
  std::int64_t trips = 1;  ///< over the largest tile above it; >= 2
  bool columns = false;    ///< spatial: over columns of the mesh, not rows
};

/// The loops of a mapping from the outermost inwards, without those that never turn. Within a
/// level: temporal loops, then mesh rows (slowest varying first), then mesh columns.
struct Nest {
  DimArray bounds = kOnes;
  std::vector<NestLoop> loops;
};

/// Errors (as a value)  malformed: other level count, bound < 1, or more than one element left
///         below the innermost level; mesh: spatial bounds beyond the mesh.
[[nodiscard]] std::variant<Nest, Infeasible> make_nest(const Layer& layer,
                                                       const Accelerator& accelerator,
                                                       const Mapping& mapping);

/// Loops with more iterations than there are elements do not turn more often; this is how often
/// the whole array steps: temporal iterations in which at least one unit has work.
[[nodiscard]] std::int64_t temporal_steps(const Nest& nest);

/// Are some tiles smaller than their like?
[[nodiscard]] bool is_ragged(const Nest& nest);

/// Instances of `level` (or of the compute units, when `level` is the level count) that ever work.
[[nodiscard]] std::int64_t used_instances(const Nest& nest, LevelIndex level);

}  // namespace hwflow::chip
