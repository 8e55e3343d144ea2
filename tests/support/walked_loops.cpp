#include "tests/support/walked_loops.hpp"

namespace hwflow::testing {

std::vector<WalkedLoop> walked_loops(const Layer& layer, const chip::Mapping& mapping) {
  std::vector<WalkedLoop> loops;
  DimArray size = layer.op.bounds();
  const auto add = [&](const chip::Loop& loop, std::size_t level, bool spatial) {
    const std::int64_t above = size[index(loop.dim)];
    const std::int64_t tile = (above + loop.bound - 1) / loop.bound;
    size[index(loop.dim)] = tile;
    loops.push_back({loop.dim, spatial, level, loop.bound, above, tile});
  };
  for (std::size_t level = 0; level < mapping.levels.size(); ++level) {
    const chip::LevelLoops& at = mapping.levels[level];
    for (const chip::Loop& loop : at.temporal) add(loop, level, false);
    for (std::size_t i = at.spatial_y.size(); i-- > 0;) add(at.spatial_y[i], level, true);
    for (std::size_t i = at.spatial_x.size(); i-- > 0;) add(at.spatial_x[i], level, true);
  }
  return loops;
}

}  // namespace hwflow::testing
