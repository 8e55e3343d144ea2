#pragma once

#include <memory>

#include "study/designed_model.hpp"
#include "study/overlay_space.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {

/// Overlays for the small network: 3 x 2 x 3 x 2 x 2 sizes, any device, the reference 2 x 64 x 2.
[[nodiscard]] OverlaySpaceOptions small_overlays();

/// Search for plans of the small network and for overlays, 8 plans kept, 6 generations. Targets:
/// 0.6 of the latency and 0.8 of the DRAM traffic of the reference at 8 bit; its LUTs and half as
/// many block RAMs again. Plans may lose 6 points.
[[nodiscard]] Study joint_study(SearchOrder order);

[[nodiscard]] std::unique_ptr<OverlaySpace> small_overlay_space(const Study& study);
[[nodiscard]] std::unique_ptr<DesignedModel> small_designed_model(const Study& study);

}  // namespace hwflow::study
