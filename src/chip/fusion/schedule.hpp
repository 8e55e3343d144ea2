#pragma once

#include <cstdint>
#include <vector>

#include "chip/fusion/axis_plan.hpp"

namespace hwflow::chip {

/// Halos along the two axes of the scan. What is not kept from tile to tile of the inner axis is
/// not kept from band to band either.
enum class HaloPolicy : std::uint8_t {
  retain,   ///< line buffers along both axes: nothing is made or fetched twice
  in_band,  ///< kept along the inner axis only: bands overlap
  again,    ///< every tile for itself
};
[[nodiscard]] constexpr Halo outer_halo(HaloPolicy policy) {
  return policy == HaloPolicy::retain ? Halo::retain : Halo::again;
}
[[nodiscard]] constexpr Halo inner_halo(HaloPolicy policy) {
  return policy == HaloPolicy::again ? Halo::again : Halo::retain;
}

/// Every choice of one fused group.
struct GroupSchedule {
  Axis outer = Axis::rows;  ///< axis of the bands; tiles of a band follow along the other one
  std::int64_t tile_rows = 1, tile_columns = 1;  ///< of the last layer's output
  std::int64_t channel_parts = 1;  ///< parts of the output channels that one step computes in turn
  std::vector<HaloPolicy> halos;   ///< by tensor of the group, sources and intermediates
  std::vector<bool> resident_weights;   ///< by layer of the group
  std::vector<std::size_t> read_again;  ///< reads of the graph, see make_group()
  /// Columns of the array for each stage (pipeline_stages(), ArrayShares); empty: the layers share
  /// the array in time.
  std::vector<std::int64_t> shares;
  bool operator==(const GroupSchedule&) const = default;
};

/// What happens to the halos of every tensor along one axis.
[[nodiscard]] inline std::vector<Halo> halos_along(const GroupSchedule& schedule, Axis axis) {
  std::vector<Halo> halos;
  for (const HaloPolicy policy : schedule.halos)
    halos.push_back(axis == schedule.outer ? outer_halo(policy) : inner_halo(policy));
  return halos;
}

}  // namespace hwflow::chip
