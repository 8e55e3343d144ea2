#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hwflow::chip {

/// Two or three values that are minimised; what is not used is 0.
using FrontPoint = std::array<double, 3>;

/// Sums of one point of each of many sets that no other sums beat: what beats a part of a sum beats
/// the sum, so dominated partial sums are dropped set by set.
class FrontSums {
 public:
  /// `most`: so many sums are kept exactly. More are thinned: of those whose values share a cell of
  /// a grid of factors 1 + d one is kept, and d doubles until they are few enough.
  FrontSums(std::size_t objectives, std::size_t most);

  /// Adds one point of the set to every sum.
  void add(std::span<const FrontPoint> set);

  [[nodiscard]] std::size_t size() const { return sums_.size(); }
  [[nodiscard]] const std::vector<FrontPoint>& sums() const { return sums_; }
  /// Which point of every set a sum is made of.
  [[nodiscard]] std::vector<std::uint32_t> picks(std::size_t sum) const;
  /// Every sum is at least 1 / (1 + error) of one that is kept, in all values.
  [[nodiscard]] double error() const { return error_; }

 private:
  struct Origin {
    std::uint32_t before = 0;  ///< index among the sums of the sets before
    std::uint32_t pick = 0;
  };
  struct Sum {
    FrontPoint values;
    Origin origin;
  };
  void drop_dominated(std::vector<Sum>& sums) const;
  void thin(std::vector<Sum>& sums);

  std::size_t objectives_, most_;
  std::vector<FrontPoint> sums_{FrontPoint{}};
  std::vector<std::vector<Origin>> origins_;  ///< per set
  double error_ = 0.0;
};

}  // namespace hwflow::chip
