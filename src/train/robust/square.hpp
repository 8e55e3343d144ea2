#pragma once

#include <cstdint>
#include <stop_token>

#include "train/robust/standing_images.hpp"

namespace hwflow::train::robust {

struct SquareSettings {
  int queries = 5000;
  double p = 0.8;
  std::uint64_t seed = 1;
};

/// Random search by squares on the judge's own logits, without gradients: at first every column of
/// every channel goes to one end of the box; then square after square is set to one end per channel
/// and kept where the margin of the label falls. square_share() gives their sizes. A square that
/// changes nothing is drawn again. Torch header.
///
/// Source  Andriushchenko, Croce, Flammarion & Hein, "Square attack: a query-efficient black-box
///         adversarial attack via random search", ECCV 2020, algorithms 1 and 2.
void attack_by_squares(StandingImages& images, const SquareSettings& settings,
                       const std::stop_token& stop);

/// The side of a square that covers `share` of the image, 1 to its shorter side.
[[nodiscard]] std::int64_t square_side(double share, std::int64_t rows, std::int64_t columns);

}  // namespace hwflow::train::robust
