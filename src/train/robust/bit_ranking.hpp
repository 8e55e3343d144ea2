#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "base/random.hpp"
#include "train/fault/fault.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::robust {

/// One bit of one stored weight, and what flipping it does.
struct WeightBit {
  std::uint32_t node = 0;
  std::int64_t element = 0;            ///< row-major (output, input, row, column)
  int bit = 0;                         ///< 0: least significant
  std::int64_t before = 0, after = 0;  ///< codes
  double gain = 0.0;                   ///< of the objective, to first order; 0 of random bits

  [[nodiscard]] fault::Upset upset() const {
    return {.node = node, .element = element, .bits = std::uint64_t{1} << bit};
  }
  bool operator==(const WeightBit&) const = default;
};

/// Bits that were flipped: (node, element, bit).
using TakenBits = std::set<std::tuple<std::uint32_t, std::int64_t, int>>;
[[nodiscard]] inline std::tuple<std::uint32_t, std::int64_t, int> key_of(const WeightBit& bit) {
  return {bit.node, bit.element, bit.bit};
}

/// The bits of a layer whose flips raise the objective most to first order: gradient times change
/// of the code. The greatest gain first; of equals the first element, then the lowest bit. Bits
/// that are taken are left out. plan       of the network as it is now words      of the network
/// without faults, which says how words are stored gradients  of the objective by each code,
/// parallel to the codes count      at most so many, and only those that raise it; 0: all bits,
/// whatever they do
[[nodiscard]] std::vector<WeightBit> rank_bits(const integer::Plan& plan,
                                               const integer::Plan& words, std::size_t node,
                                               std::span<const double> gradients,
                                               std::int64_t count, const TakenBits& taken);

/// `count` different bits of these layers, each as likely as the others. No more than there are.
/// Codes are those after the flips before; gains are 0.
[[nodiscard]] std::vector<WeightBit> random_bits(const integer::Plan& plan,
                                                 std::span<const std::size_t> layers,
                                                 std::int64_t count, Rng& rng);

}  // namespace hwflow::train::robust
