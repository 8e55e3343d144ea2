#pragma once

#include <cstdint>
#include <vector>

#include "train/fault/fault_space.hpp"

namespace hwflow::train::fault {

/// A random order of 0..count-1 that needs no memory: entry k by four rounds of a Feistel network,
/// repeated until the result is below count.
class RandomOrder {
 public:
  RandomOrder(std::int64_t count, std::uint64_t seed);
  [[nodiscard]] std::int64_t operator[](std::int64_t k) const;

 private:
  [[nodiscard]] std::uint64_t step(std::uint64_t value) const;

  std::int64_t count_;
  std::uint64_t seed_;
  int half_bits_ = 1;
};

/// All pairs of a stratum and a unit in an order that needs no memory, each once: both are in turns
/// of random orders, so after any number of pairs every stratum, and every unit, has its share to
/// two.
class PairOrder {
 public:
  PairOrder(std::int64_t strata, std::int64_t units, std::uint64_t seed);
  struct Pair {
    std::int64_t stratum = 0, unit = 0;
    bool operator==(const Pair&) const = default;
  };
  [[nodiscard]] Pair operator[](std::int64_t k) const;

 private:
  std::int64_t strata_, units_, block_;
  RandomOrder strata_order_, unit_order_;
};

/// Single faults of a space in a random order, each once. Sites take turns; of every stratum of a
/// site as nearly as many are drawn as its share of the site's population, however many these are.
/// The order depends on the seed alone.
class FaultDraw {
 public:
  /// `space` outlives the draw.
  FaultDraw(const FaultSpace& space, std::uint64_t seed);

  /// The next `count` faults, fewer when no more are left. Appends their strata to `strata`.
  FaultList draw(std::int64_t count, std::vector<std::uint32_t>& strata);

 private:
  /// The strata of one site.
  struct Turn {
    std::vector<std::size_t> strata;
    std::vector<double> share_up_to;  ///< of the site's population, this stratum included
    double position = 0.0;            ///< in [0, 1), moved on by the golden ratio
    std::int64_t left = 0;
  };
  std::size_t next_stratum(Turn& turn) const;

  const FaultSpace& space_;
  std::vector<RandomOrder> orders_;  ///< of the words of every stratum
  std::vector<std::int64_t> drawn_;  ///< per stratum
  std::vector<Turn> turns_;
  std::size_t turn_ = 0;
  std::int64_t total_ = 0;
};

/// Every upset of the space, each with probability `rate`: the faults of one inference, as a fault
/// of several upsets. May be empty.
[[nodiscard]] std::vector<Upset> draw_at_rate(const FaultSpace& space, double rate,
                                              std::uint64_t seed, std::uint64_t inference);

}  // namespace hwflow::train::fault
