#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/robust/attack_report.hpp"

namespace hwflow::train::robust {

/// Signs that a network hides its gradients rather than resists: robust accuracies are then those
/// of the attack, not of the network.
/// Source  Athalye, Carlini & Wagner, "Obfuscated gradients give a false sense of security", ICML
///         2018, section 3.1; Carlini et al., "On evaluating adversarial robustness", 2019.
enum class AlarmKind : std::uint8_t {
  one_step_stronger,       ///< FGSM breaks images that PGD does not
  gradient_free_stronger,  ///< Square breaks images that no attack with gradients does
  transfer_stronger,       ///< images made on another network break what white-box ones do not
  no_collapse,             ///< PGD leaves images standing at kProbeEpsilon
  flat_over_eps,           ///< FGSM breaks no more images as eps grows
  zero_gradients           ///< gradients are 0, to the last bit, in every pixel
};
constexpr auto enum_names(AlarmKind) {
  return std::array{
      std::pair{std::string_view{"one_step_stronger"}, AlarmKind::one_step_stronger},
      std::pair{std::string_view{"gradient_free_stronger"}, AlarmKind::gradient_free_stronger},
      std::pair{std::string_view{"transfer_stronger"}, AlarmKind::transfer_stronger},
      std::pair{std::string_view{"no_collapse"}, AlarmKind::no_collapse},
      std::pair{std::string_view{"flat_over_eps"}, AlarmKind::flat_over_eps},
      std::pair{std::string_view{"zero_gradients"}, AlarmKind::zero_gradients}};
}

struct MaskingAlarm {
  AlarmKind kind = AlarmKind::no_collapse;
  std::string eps{};        ///< as the user wrote it; empty: of none
  std::int64_t images = 0;  ///< that raise it
  std::int64_t of = 0;      ///< images looked at
  std::string text{};       ///< a sentence with these numbers
};

/// What a few images do by chance raises no alarm: more than this share of them must.
inline constexpr double kAlarmShare = 0.01;
/// At kProbeEpsilon as many may stand.
inline constexpr double kCollapsedShare = 0.05;

/// All that the report gives cause for. Attacks are compared on the images that both attacked; in a
/// cascade, where later attacks see only what stands, FGSM and PGD cannot be compared.
[[nodiscard]] std::vector<MaskingAlarm> masking_alarms(const AttackReport& report);

}  // namespace hwflow::train::robust
