#pragma once

#include <vector>

#include "chip/mapper/loop_classes.hpp"

namespace hwflow::chip {

/// Of every two classes that differ only in rows and columns trading places, the first, where the
/// layer and the map space are the same with rows and columns swapped (p with q, r with s): then
/// every mapping of the one class has its mirror image, of equal cost, in the other.
[[nodiscard]] std::vector<LoopClass> without_mirror_images(std::vector<LoopClass> classes,
                                                           const Layer& layer,
                                                           const MapSpace& space);

}  // namespace hwflow::chip
