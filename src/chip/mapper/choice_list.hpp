#pragma once

#include <cstdint>
#include <vector>

#include "chip/mapper/factor_choices.hpp"
#include "chip/mapper/map_space.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// A mesh axis of more than one unit.
struct MeshAxis {
  std::size_t slot = 0;
  std::int64_t size = 1;
};

[[nodiscard]] std::vector<MeshAxis> mesh_axes(const MapSpace& space);

/// The level below the innermost mesh.
[[nodiscard]] LevelIndex level_inside(const std::vector<MeshAxis>& axes);

/// The ways to cut a compound that fit the mesh. Those with the same loops above the level inside
/// the mesh lie side by side.
struct ChoiceList {
  explicit ChoiceList(FactorChoices all) : choices(std::move(all)) {}
  FactorChoices choices;
  std::vector<std::vector<std::int32_t>> used;  ///< per axis and choice
  /// Where those with the same loops end; of very many with the same loops, also where 65,536 do.
  std::vector<std::uint32_t> outside_end;
};

[[nodiscard]] ChoiceList list_choices(const MapSpace& space, const Compound& compound,
                                      const std::vector<MeshAxis>& axes);

}  // namespace hwflow::chip
