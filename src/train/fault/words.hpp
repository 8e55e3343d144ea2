#pragma once

#include <cstddef>
#include <cstdint>

#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

inline constexpr int kMultiplierBits = 31;
inline constexpr int kShiftBits = 6;
inline constexpr int kSumBits = 32, kWideSumBits = 40;

/// Sums and biases: kSumBits, kWideSumBits where the network's widths make 64-bit sums necessary.
[[nodiscard]] int sum_bits(const integer::Plan& plan, std::size_t node);

/// How the words of a site are stored. A scale is its shift above its multiplier; an addition's has
/// no shift of its own.
[[nodiscard]] Word word_of(const integer::Plan& plan, Site site, std::size_t node,
                           std::size_t copy);
/// How many words there are; 0: the node has no such site.
[[nodiscard]] std::int64_t word_count(const integer::Plan& plan, Site site, std::size_t node,
                                      std::size_t copy);

/// Results of the node that are stored: its slots. A node that only moves data stores nothing.
[[nodiscard]] std::size_t copies_of(const integer::Plan& plan, std::size_t node);

/// A factor as one word, and back.
[[nodiscard]] std::int64_t scale_word(const FixedPoint& factor);
[[nodiscard]] FixedPoint scale_of_word(std::int64_t word);
/// A shift that rescale() has.
[[nodiscard]] bool is_usable(const FixedPoint& factor);

}  // namespace hwflow::train::fault
