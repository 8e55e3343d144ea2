#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/map_space.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// The least DRAM traffic of any mapping with given loops at the outermost level, in exact
/// counting: that of a machine whose second level has room for all, over the orders of these loops.
///
/// What a level further in holds is a part of the tile below the outermost loops. A word of a tile
/// that the tile before did not have is in no such part yet, and comes from DRAM once at least.
class OuterTraffic {
 public:
  OuterTraffic(const Layer& layer, const Accelerator& accelerator);
  /// In bits; 0 where nothing is known. Remembers the answers.
  [[nodiscard]] double least_bits(const Candidate& candidate);

 private:
  struct Outer {
    Outer(const Layer& layer, Accelerator two_levels);
    Outer(const Outer&) = delete;
    Outer& operator=(const Outer&) = delete;
    Accelerator machine;
    MapSpace space;
    BoundModel model;
  };
  [[nodiscard]] double find_least(const Candidate& candidate) const;

  std::optional<Outer> outer_;
  std::map<std::vector<std::int32_t>, double> known_;
};

}  // namespace hwflow::chip
