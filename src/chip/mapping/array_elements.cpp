#include "chip/mapping/array_elements.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"
#include "base/check.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

/// A loop from the outermost inwards, with the iteration that the unit runs; none: all of them.
struct Turn {
  Dim dim = Dim::n;
  std::int64_t bound = 1;
  std::optional<std::int64_t> wanted;
};

/// Appends the loops of one axis, slowest first; false: the place is beyond what they use.
bool add_axis(const std::vector<Loop>& loops, std::optional<std::int64_t> place,
              std::vector<Turn>& turns) {
  std::vector<Turn> axis;
  for (const Loop& loop : loops) {  // fastest first
    Turn turn{loop.dim, loop.bound, std::nullopt};
    if (place) {
      turn.wanted = *place % loop.bound;
      place = *place / loop.bound;
    }
    axis.push_back(turn);
  }
  turns.insert(turns.end(), axis.rbegin(), axis.rend());
  return !place || *place == 0;
}

/// Does the index pass the wanted iterations of all loops of its dimension?
bool is_of_unit(Dim dim, std::int64_t index, std::int64_t size, const std::vector<Turn>& turns) {
  for (const Turn& turn : turns) {
    if (turn.dim != dim) continue;
    size = ceil_div(size, turn.bound);
    if (turn.wanted && index / size != *turn.wanted) return false;
    index %= size;
  }
  return true;
}

}  // namespace

ArraySize array_size(const Accelerator& accelerator) {
  ArraySize size;
  for (const MemoryLevel& level : accelerator.levels()) {
    size.x *= level.fanout.x;
    size.y *= level.fanout.y;
  }
  return size;
}

UnitIndices unit_indices(const Layer& layer, const Mapping& mapping, const Accelerator& accelerator,
                         const ArrayUnit& unit) {
  if (!mapping.level_order.empty()) {
    Mapping listed = mapping;
    listed.level_order.clear();
    return unit_indices(layer, listed, with_level_order(accelerator, mapping.level_order), unit);
  }
  const ArraySize size = array_size(accelerator);
  HWFLOW_CHECK(unit.x.value_or(0) < size.x && unit.y.value_or(0) < size.y, "beyond the array");
  std::vector<Turn> turns;
  std::optional<std::int64_t> x = unit.x, y = unit.y;
  ArraySize left = size;
  bool works = true;
  for (std::size_t l = 0; l < mapping.levels.size(); ++l) {
    const LevelLoops& loops = mapping.levels[l];
    const Fanout& fanout = accelerator.levels()[l].fanout;
    for (const Loop& loop : loops.temporal) turns.push_back({loop.dim, loop.bound, std::nullopt});
    left.x /= fanout.x;
    left.y /= fanout.y;
    const auto place = [](std::optional<std::int64_t>& at, std::int64_t below) {
      if (!at) return at;
      const std::optional<std::int64_t> here = *at / below;
      at = *at % below;
      return here;
    };
    works = add_axis(loops.spatial_y, place(y, left.y), turns) && works;
    works = add_axis(loops.spatial_x, place(x, left.x), turns) && works;
  }
  UnitIndices indices;
  if (!works) return indices;
  for (const Dim dim : kDims) {
    const std::int64_t bound = layer.op.bounds()[index(dim)];
    for (std::int64_t i = 0; i < bound; ++i)
      if (is_of_unit(dim, i, bound, turns)) indices[index(dim)].push_back(i);
  }
  return indices;
}

}  // namespace hwflow::chip
