#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/robust/bit_flip_options.hpp"
#include "train/robust/bit_ranking.hpp"
#include "train/robust/flipped_network.hpp"

namespace hwflow::train::robust {

/// Why a search made no more flips.
enum class FlipEnd : std::uint8_t {
  flips,     ///< as many as were asked for
  accuracy,  ///< it is low enough
  no_raise,  ///< no bit raises the objective to first order
  stopped    ///< the stop token
};
constexpr auto enum_names(FlipEnd) {
  return std::array{std::pair{std::string_view{"flips"}, FlipEnd::flips},
                    std::pair{std::string_view{"accuracy"}, FlipEnd::accuracy},
                    std::pair{std::string_view{"no-raise"}, FlipEnd::no_raise},
                    std::pair{std::string_view{"stopped"}, FlipEnd::stopped}};
}

/// A flip, and the network after it and all before.
struct MadeFlip {
  WeightBit bit;
  double objective = 0.0;  ///< of the batch, by the integer executor
  FlipScore score;         ///< of images that the attacker does not know
};

/// As many flips drawn at random.
struct RandomFlips {
  std::vector<WeightBit> bits;
  std::vector<FlipScore> scores;  ///< after each
};

struct BitFlipReport {
  double objective = 0.0;  ///< without flips
  FlipScore clean;
  std::vector<MadeFlip> flips;
  std::vector<RandomFlips> random;  ///< none when the search was stopped
  FlipEnd ended = FlipEnd::flips;
  std::int64_t population = 0;  ///< bits of the layers that were searched
  double seconds = 0.0;         ///< of the search, without random flips
};

struct BitFlipHooks {
  /// Measurements done and at most to do.
  std::function<void(std::int64_t done, std::int64_t all, const std::string& note)> progress{};
  std::function<void(const BitFlipReport&)> on_flip{};  ///< after each of the search's
};

/// Progressive bit search. Each step
/// 1. takes the gradient of the batch's objective by all weight codes (code_gradients()),
/// 2. of each layer the options.bits_per_step bits whose flips raise it most to first order, and
///    the sets that follow, up to options.candidates sets (0: all bits),
/// 3. measures the objective with each set flipped, by the integer executor, and
/// 4. keeps the set of the greatest; of equals the first layer, then the set ranked first.
/// A bit is flipped once at most. Step 4 keeps the greatest even where none is above the present.
/// network  can be executed in integers
/// test     images that the attacker does not know; not empty
/// The result depends on options (but options.threads), images and network alone.
/// Source  Rakin, He, Fan, "Bit-Flip Attack: Crushing neural network with progressive bit search",
///         ICCV 2019. Its code looks at the bits of the 10 weights of the greatest gradients of a
///         layer; here at all.
[[nodiscard]] BitFlipReport attack_bits(const IntegerNetwork& network, const FlipBatch& batch,
                                        const ImageSet& test, const BitFlipOptions& options,
                                        const BitFlipHooks& hooks = {},
                                        const std::stop_token& stop = {});

}  // namespace hwflow::train::robust
