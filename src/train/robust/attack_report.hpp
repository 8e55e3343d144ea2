#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/quant/backend.hpp"
#include "train/robust/attack_options.hpp"

namespace hwflow::train::robust {

inline constexpr std::int16_t kStands = -1;       ///< the attack did not fool the judge
inline constexpr std::int16_t kNotAttacked = -2;  ///< wrong as it is, or fallen before (cascade)

/// One attack at one eps.
struct AttackOutcome {
  AttackKind attack = AttackKind::fgsm;
  std::vector<std::int16_t> fooled_into{};  ///< per image: a class, kStands or kNotAttacked
  double seconds = 0.0;                     ///< of all threads together
  [[nodiscard]] std::int64_t standing() const;
  [[nodiscard]] std::int64_t attacked() const;
};

/// All attacks at one eps; an image is robust when none of them fools the judge on it.
struct EpsOutcome {
  Epsilon eps{};
  std::vector<AttackOutcome> attacks{};
  std::vector<float> images{};  ///< with keep_images: per image the first that fooled the judge
  [[nodiscard]] bool is_robust(std::size_t image) const;
  [[nodiscard]] AccuracyEstimate robust() const;
  /// Images that stand against this attack, of all images (also those that were wrong at once).
  [[nodiscard]] AccuracyEstimate against(const AttackOutcome& attack) const;
};

struct AttackReport {
  std::vector<std::uint8_t> labels{};
  std::vector<std::int16_t> predicted{};  ///< by the judge, of the images as they are
  std::vector<EpsOutcome> by_eps{};       ///< ascending in eps
  std::vector<EpsOutcome> probe{};        ///< PGD at kProbeEpsilon; empty: not asked for
  std::int64_t zero_gradients = 0;  ///< images right at first whose every pixel has gradient 0
  double seconds = 0.0;
  bool stopped = false;  ///< nothing else in here is of use then
  [[nodiscard]] AccuracyEstimate clean() const;
};

}  // namespace hwflow::train::robust
