#pragma once

#include <cstdint>
#include <stop_token>

#include "train/robust/standing_images.hpp"

namespace hwflow::train::robust {

/// One step of the sign of the cross-entropy's gradient, to a corner of the box; where the gradient
/// is 0 the pixel stays. Torch header.
/// Source  Goodfellow, Shlens & Szegedy, "Explaining and harnessing adversarial examples", ICLR
///         2015.
void attack_by_fgsm(StandingImages& images, Classifier& source);

struct PgdSettings {
  int steps = 50;
  double step_size = 0.0;
  int restarts = 1;
  bool random_start = true;
  AttackKind streams = AttackKind::pgd;  ///< which random numbers
  std::uint64_t seed = 1;
};

/// Steps of the sign of the cross-entropy's gradient, each projected to the box. Every point on the
/// way that the source misclassifies is offered to the judge, and the last one in any case; images
/// that fell are not stepped further nor started anew.
///
/// On the grid of bytes the network sees every point's nearest bytes, and the gradient there moves
/// the point itself: steps shorter than a byte add up.
/// Source  Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR
///         2018.
void attack_by_pgd(StandingImages& images, Classifier& source, const PgdSettings& settings,
                   const std::stop_token& stop);

}  // namespace hwflow::train::robust
