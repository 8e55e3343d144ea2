#pragma once

#include "base/random.hpp"
#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// Random small changes of a candidate that stay in the map space but for meshes and capacities,
/// which the caller checks.
class LoopMoves {
 public:
  explicit LoopMoves(const MapSpace& space);

  /// Changes `candidate`; false (and unchanged) when the drawn change is not possible.
  bool change(Candidate& candidate, Rng& rng) const;
  /// A uniformly drawn chain for every dimension and a random order at every level.
  [[nodiscard]] Candidate sample(Rng& rng) const;

 private:
  bool move_factor(Candidate& candidate, Rng& rng) const;
  bool shift_factor(Candidate& candidate, Dim dim, std::size_t from, std::size_t to,
                    Rng& rng) const;
  bool exchange_factors(Candidate& candidate, Rng& rng) const;
  bool change_order(Candidate& candidate, Rng& rng) const;
  [[nodiscard]] Dim random_dim(Rng& rng) const;
  [[nodiscard]] std::size_t random_slot(Dim dim, Rng& rng) const;

  const MapSpace& space_;
  std::array<std::vector<std::size_t>, kDimCount> slots_;  ///< where the dimension may turn
};

}  // namespace hwflow::chip
