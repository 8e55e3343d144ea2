#pragma once

#include <cstdint>
#include <vector>

#include "chip/fusion/axis_plan.hpp"
#include "chip/fusion/schedule.hpp"

namespace hwflow::chip {

/// The two axes of a scan: tiles of a band (inner) follow one another, then comes the next band.
struct Scan {
  const AxisPlan& outer;
  const AxisPlan& inner;
};

/// A moment of a fused group: while `layer` works in a step.
struct Moment {
  std::int64_t outer = 0, inner = 0;
  std::size_t layer = 0;
  bool operator==(const Moment&) const = default;
};

struct Peak {
  std::int64_t bits = 0;
  Moment moment;
};

/// Halo policy of every tensor of the group, and of the parts that outputs are computed in.
struct Retention {
  std::vector<HaloPolicy> tensors;
  std::int64_t channel_parts = 1;
};

/// Bits of one pixel of every tensor: all its channels, or, where a tensor is used up by the next
/// layer in the step that makes it and that layer works channel by channel, those of one part.
[[nodiscard]] std::vector<std::int64_t> pixel_bits(const Group& group, const Scan& scan,
                                                   const Retention& retention);

/// Bits of feature maps that are live while the layers of one step run, one number a layer: what
/// has been made or fetched and will still be read, and what the layer's unfinished outputs take
/// beyond finished ones. Staging for DRAM is not in it.
///
/// A tensor keeps, of its needed pixels, those in the bands that a later band reads, and in the
/// present band those not to the left of what some reader still needs. With one reader and
/// windows without gaps that is exactly what will be read. `widths`: pixel_bits().
void add_live_bits(const Group& group, const Scan& scan, const Retention& retention,
                   const std::vector<std::int64_t>& widths, const Moment& step,
                   std::vector<std::int64_t>& live);

/// The first moment at which most is live; once more than `enough` is, some moment at which that
/// is so.
/// Cost  steps that cannot be the largest are passed over (AxisPlan::unlike_steps, corner_steps).
/// Checked by  tests/support/fused_simulator at every step.
[[nodiscard]] Peak peak_occupancy(const Group& group, const Scan& scan, const Retention& retention,
                                  std::int64_t enough = std::int64_t{1} << 60);

}  // namespace hwflow::chip
