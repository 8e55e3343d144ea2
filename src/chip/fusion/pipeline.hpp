#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "chip/fusion/group_cost.hpp"

namespace hwflow::chip {

/// The layers of a group one after the other on the same image, each stage a step behind the one
/// before it: in slot k stage p works on step k - p. A group of S steps and P stages takes
/// S + P - 1 slots an image; in the first ones the later stages wait (fill), in the last ones the
/// earlier ones (drain).

/// The stage of every layer: layers with MACs begin one, poolings and additions belong to that of
/// the layer before them.
[[nodiscard]] std::vector<std::size_t> pipeline_stages(const FusionGraph& graph,
                                                       const Group& group);

/// The stage with whose step a tensor is made, or fetched: that of its first reader.
[[nodiscard]] std::size_t stage_of_tensor(const Group& group,
                                          const std::vector<std::size_t>& stages,
                                          std::size_t tensor);

/// Can the group run so? Halos are retained, those of sources that several stages read among them.
[[nodiscard]] bool can_pipeline(const Group& group, const std::vector<std::size_t>& stages,
                                const GroupSchedule& schedule);

/// Bits of feature maps that are there in every slot of one image: nothing is dropped within a
/// slot, what all stages make is there from its beginning, and unfinished outputs of all layers
/// take their room at once. So the stages may go at any pace within the slot.
/// `scan`: with halos retained. Needs  can_pipeline().
/// Checked by  tests/support/fused_simulator, slot by slot.
[[nodiscard]] std::vector<std::int64_t> live_bits_by_slot(const Group& group, const Scan& scan,
                                                          const std::vector<std::size_t>& stages,
                                                          const GroupSchedule& schedule);

/// Room of the pipelined group, staging of all streamed weights at once among it; none as soon as
/// it exceeds `buffer`.
[[nodiscard]] std::optional<GroupRoom> pipeline_room(const TiledGroup& tiled,
                                                     const std::vector<std::size_t>& stages,
                                                     const GroupSchedule& schedule,
                                                     const BufferRoom& buffer);

}  // namespace hwflow::chip
