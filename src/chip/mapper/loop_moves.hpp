#pragma once

#include "base/random.hpp"
#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// Random small changes of a candidate that stay in the map space but for meshes and capacities,
/// which the caller checks.
class LoopMoves {
 public:
  /// `neighbours`: which tiles lie side by side on the meshes changes too.
  explicit LoopMoves(const MapSpace& space, bool neighbours = false);

  /// Changes `candidate`; false (and unchanged) when the drawn change is not possible.
  bool change(Candidate& candidate, Rng& rng) const;
  /// Moves a factor of some loop in the slots [first, end) to a temporal loop outside `first`;
  /// false (and unchanged) when the drawn one cannot go there.
  bool move_outward(Candidate& candidate, std::size_t first, std::size_t end, Rng& rng) const;
  /// A uniformly drawn chain for every dimension and a random order at every level.
  [[nodiscard]] Candidate sample(Rng& rng) const;

 private:
  bool move_factor(Candidate& candidate, Rng& rng) const;
  bool shift_factor(Candidate& candidate, Dim dim, std::size_t from, std::size_t to,
                    Rng& rng) const;
  bool exchange_factors(Candidate& candidate, Rng& rng) const;
  bool change_order(Candidate& candidate, Rng& rng) const;
  bool change_neighbours(Candidate& candidate, Rng& rng) const;
  [[nodiscard]] Dim random_dim(Rng& rng) const;
  [[nodiscard]] std::size_t random_slot(Dim dim, Rng& rng) const;

  const MapSpace& space_;
  bool neighbours_;
  std::array<std::vector<std::size_t>, kDimCount> slots_;  ///< where the dimension may turn
};

}  // namespace hwflow::chip
