#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// One way to cut the dimensions of a compound into loops.
struct FactorChoice {
  std::array<DimLoops, 2> loops{kNoLoops, kNoLoops};
};

/// Ways to cut the one or two dimensions of a compound: pairs of ways to cut each.
class FactorChoices {
 public:
  /// No second dimension: one way that has no loops.
  explicit FactorChoices(std::vector<DimLoops> first, std::vector<DimLoops> second = {kNoLoops})
      : chains_{std::move(first), std::move(second)} {}

  void add(std::uint32_t first, std::uint32_t second) { pairs_.push_back({first, second}); }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }
  [[nodiscard]] const std::array<std::uint32_t, 2>& pair(std::size_t i) const { return pairs_[i]; }
  [[nodiscard]] const std::vector<DimLoops>& chains(std::size_t dim) const { return chains_[dim]; }
  [[nodiscard]] FactorChoice operator[](std::size_t i) const {
    return {{chains_[0][pairs_[i][0]], chains_[1][pairs_[i][1]]}};
  }

  /// Ways that have the same loops above a level have the same number.
  struct Numbers {
    std::vector<std::uint32_t> of_chain;
    std::vector<std::uint32_t> example;  ///< per number
  };
  [[nodiscard]] const Numbers& above(std::size_t dim, LevelIndex level) const;
  /// Have two choices the same loops above a level?
  [[nodiscard]] bool are_same_above(LevelIndex level, std::size_t i, std::size_t j) const {
    for (std::size_t dim = 0; dim < 2; ++dim) {
      const auto& number = above(dim, level).of_chain;
      if (number[pairs_[i][dim]] != number[pairs_[j][dim]]) return false;
    }
    return true;
  }

 private:
  std::array<std::vector<DimLoops>, 2> chains_;
  std::vector<std::array<std::uint32_t, 2>> pairs_;
  mutable std::map<std::pair<std::size_t, LevelIndex>, Numbers> numbers_;
};

}  // namespace hwflow::chip
