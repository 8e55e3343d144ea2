#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/diagnostics.hpp"

namespace hwflow::train {

/// How training images are changed against the network that learns them.
enum class AdversaryMethod : std::uint8_t {
  none,
  fast,  ///< one step from a random point (Wong, Rice & Kolter, "Fast is better than free", 2020)
  pgd,   ///< several projected steps (Madry et al., ICLR 2018)
  free   ///< each batch trained on several times, each gradient serving weights and pixels both
         ///< (Shafahi et al., "Adversarial training for free!", NeurIPS 2019)
};
constexpr auto enum_names(AdversaryMethod) {
  return std::array{std::pair{std::string_view{"none"}, AdversaryMethod::none},
                    std::pair{std::string_view{"fast"}, AdversaryMethod::fast},
                    std::pair{std::string_view{"pgd"}, AdversaryMethod::pgd},
                    std::pair{std::string_view{"free"}, AdversaryMethod::free}};
}

/// Within the L-infinity ball of pixels from 0 to 1.
struct AdversaryOptions {
  AdversaryMethod method = AdversaryMethod::none;
  double eps = 8.0 / 255.0;
  std::optional<double> step_size{};  ///< none: fast 1.25 eps, pgd eps / 4, free eps
  int steps = 7;                      ///< pgd
  int replays = 8;                    ///< free: of each batch, each with an update of the weights
  /// After every epoch PGD of five steps attacks the epoch's first batch; where its accuracy has
  /// fallen by more than `collapse` since the epoch before, training ends with the weights before.
  bool watch = true;
  double collapse = 0.2;

  [[nodiscard]] bool is_on() const { return method != AdversaryMethod::none; }
  [[nodiscard]] double step() const;
  bool operator==(const AdversaryOptions&) const = default;
};

/// Errors  every value out of its range, "adversary_..." as place.
[[nodiscard]] Diagnostics check(const AdversaryOptions& options);

}  // namespace hwflow::train
