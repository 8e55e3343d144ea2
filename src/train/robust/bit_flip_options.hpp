#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train::robust {

/// A bit-flip attack on stored weights: how many, what for, and how they are searched.
struct BitFlipOptions {
  std::int64_t flips = 20;               ///< at most
  std::int64_t images = 128;             ///< that the attacker knows
  std::optional<std::int64_t> target{};  ///< class that images are to be taken for; none: any wrong
  std::optional<std::int64_t> source{};  ///< only images of this class, the others stay
  std::int64_t bits_per_step = 1;        ///< of one layer, flipped together
  std::int64_t candidates = 1;  ///< sets of so many that are measured of each layer; 0: all bits
  std::vector<std::string> skip{};  ///< "first", "last", layers by name
  std::optional<double> until{};    ///< accuracy that is low enough; none: see stop_accuracy()
  std::int64_t random_runs = 3;     ///< of as many random flips, for comparison
  int threads = 1;
  std::uint64_t seed = 1;
};

inline constexpr std::int64_t kMostFlips = 1000;
inline constexpr const char* kFirstLayer = "first";
inline constexpr const char* kLastLayer = "last";

/// Errors  every value out of its range, with the option's name as place.
/// classes  that images are told into
[[nodiscard]] Diagnostics check(const BitFlipOptions& options, std::int64_t classes);
/// Errors  every layer that is not there; more flips than the layers that are left have bits.
[[nodiscard]] Diagnostics check_layers(const BitFlipOptions& options,
                                       const IntegerNetwork& network);

/// Nodes whose weights may be flipped, in the network's order.
[[nodiscard]] std::vector<std::size_t> searched_layers(const IntegerNetwork& network,
                                                       const std::vector<std::string>& skip);

/// The accuracy at which the search ends: options.until; else chance, 1 / classes; of attacks on
/// one class, which leave most images as they are, none.
[[nodiscard]] std::optional<double> stop_accuracy(const BitFlipOptions& options,
                                                  std::int64_t classes);

}  // namespace hwflow::train::robust
