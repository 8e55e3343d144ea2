#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_names.hpp"
#include "base/expected.hpp"

namespace hwflow::train::robust {

/// How images are attacked within the L-infinity ball.
enum class AttackKind : std::uint8_t {
  fgsm,      ///< one step of the sign of the gradient (Goodfellow et al., ICLR 2015)
  pgd,       ///< projected steps of the sign from random starts (Madry et al., ICLR 2018)
  apgd_ce,   ///< steps that halve themselves, on the cross-entropy (Croce & Hein, ICML 2020)
  apgd_dlr,  ///< the same on the difference of logits ratio
  square,    ///< random squares, without gradients (Andriushchenko et al., ECCV 2020)
  transfer   ///< PGD on another network; every point that fools that one is tried
};
constexpr auto enum_names(AttackKind) {
  return std::array{std::pair{std::string_view{"fgsm"}, AttackKind::fgsm},
                    std::pair{std::string_view{"pgd"}, AttackKind::pgd},
                    std::pair{std::string_view{"apgd-ce"}, AttackKind::apgd_ce},
                    std::pair{std::string_view{"apgd-dlr"}, AttackKind::apgd_dlr},
                    std::pair{std::string_view{"square"}, AttackKind::square},
                    std::pair{std::string_view{"transfer"}, AttackKind::transfer}};
}

/// Which images an attack may make.
enum class PixelGrid : std::uint8_t {
  continuous,  ///< any number from 0 to 1, as the literature attacks float networks
  bytes        ///< what a camera delivers and an integer network reads: multiples of 1/255
};
constexpr auto enum_names(PixelGrid) {
  return std::array{std::pair{std::string_view{"continuous"}, PixelGrid::continuous},
                    std::pair{std::string_view{"bytes"}, PixelGrid::bytes}};
}

/// The greatest change of a pixel, of pixels from 0 to 1.
struct Epsilon {
  std::string text;  ///< as the user wrote it: "8/255"
  double value = 0.0;
  bool operator==(const Epsilon&) const = default;
};
/// "8/255" or "0.03". Errors  anything else, or nothing from above 0 to 1.
[[nodiscard]] Expected<Epsilon> epsilon_from(const std::string& text);

struct AttackOptions {
  std::vector<Epsilon> eps{{"8/255", 8.0 / 255.0}};
  std::vector<AttackKind> attacks{AttackKind::fgsm, AttackKind::pgd, AttackKind::apgd_ce,
                                  AttackKind::apgd_dlr, AttackKind::square};
  PixelGrid pixels = PixelGrid::continuous;
  int pgd_steps = 50;
  std::optional<double> step_size{};  ///< of PGD, in pixels; none: eps / 4
  int apgd_steps = 100;
  int restarts = 1;       ///< of PGD and APGD, each from a random point of the ball
  int queries = 5000;     ///< of Square
  double square_p = 0.8;  ///< share of the image that its first squares cover
  bool cascade = false;   ///< each attack only on images that the ones before left standing
  bool probe = true;      ///< PGD at kProbeEpsilon, where accuracy must collapse
  bool keep_images = false;
  /// Images attacked together, on one thread. Of whole sets, so that results do not depend on
  /// threads; another size may round sums of floats differently.
  std::int64_t batch_size = 100;
  int threads = 1;
  std::string device = "cpu";
  std::uint64_t seed = 1;
};

/// At a change of a quarter of the range no network can tell images apart.
inline const Epsilon kProbeEpsilon{"64/255", 64.0 / 255.0};

/// Errors  every value out of its range, with the option's name as place.
[[nodiscard]] Diagnostics check(const AttackOptions& options);

/// The steps after which APGD asks whether its step is too long: w_j = ceil(p_j steps), p_0 = 0,
/// p_1 = 0.22, p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06); ascending, w_0 = 0 included, none
/// beyond `steps`.
/// Source  Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
///         parameter-free attacks", ICML 2020, section 3.
[[nodiscard]] std::vector<int> apgd_checkpoints(int steps);

/// The share of the image that a square covers at `query` of `queries`: `p` halved at 10, 50, 200,
/// 500, 1000, 2000, 4000, 6000, 8000 of 10 000 queries.
/// Source  Andriushchenko et al., "Square attack", ECCV 2020, section 3.
[[nodiscard]] double square_share(double p, std::int64_t query, std::int64_t queries);

}  // namespace hwflow::train::robust
