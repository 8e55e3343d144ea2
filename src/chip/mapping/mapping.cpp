#include "chip/mapping/mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/check.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

/// Larger than any layer has iterations; keeps products of bounds exact.
constexpr std::int64_t kMaxBound = std::int64_t{1} << 53;

void divide(DimArray& tile, const std::vector<Loop>& loops) {
  for (const Loop& loop : loops) {
    HWFLOW_CHECK(loop.bound >= 1, "tile_sizes of a loop with a bound < 1");
    std::int64_t& size = tile[index(loop.dim)];
    size = (size - 1) / loop.bound + 1;
  }
}

/// One list of loops under check: where it stands and what may stand there.
struct LoopList {
  std::string place;  ///< "GLB.spatial_x"
  const std::vector<Loop>& loops;
  const std::vector<Dim>& allowed;  ///< empty = any
};

void check_loops(const LoopList& list, Diagnostics& problems) {
  for (std::size_t i = 0; i < list.loops.size(); ++i) {
    const Loop& loop = list.loops[i];
    const std::string place = fmt::format("{}[{}]", list.place, i);
    if (loop.bound < 1 || loop.bound > kMaxBound) {
      problems.push_back(
          {place,
           fmt::format("the bound of loop '{}' must be >= 1, got {}", name(loop.dim), loop.bound),
           {}});
      if (loop.bound > kMaxBound)
        problems.back().reason = fmt::format("the bound of loop '{}' must be <= 2^53, got {}",
                                             name(loop.dim), loop.bound);
    }
    const auto& allowed = list.allowed;
    if (allowed.empty() || std::find(allowed.begin(), allowed.end(), loop.dim) != allowed.end()) {
      continue;
    }
    std::string names;
    for (const Dim dim : allowed) names += fmt::format("{}{}", names.empty() ? "" : " ", name(dim));
    problems.push_back(
        {place, fmt::format("the accelerator allows no loop over '{}' here", name(loop.dim)),
         fmt::format("allowed: {}", names)});
  }
}

void check_axis(const LoopList& list, std::int64_t mesh, std::string_view unit,
                Diagnostics& problems) {
  std::int64_t used = 1;
  for (const Loop& loop : list.loops) {
    if (loop.bound < 1) continue;
    used = loop.bound > kMaxBound / used ? kMaxBound : used * loop.bound;
  }
  if (used <= mesh) return;
  problems.push_back(
      {list.place, fmt::format("spreads tiles over {} {}, the mesh has {}", used, unit, mesh), {}});
}

void check_innermost(const Mapping& mapping, const Layer& layer, Diagnostics& problems) {
  const DimArray left = tile_sizes(layer, mapping).below_spatial.back();
  for (const Dim dim : kDims) {
    if (left[index(dim)] == 1) continue;
    const std::int64_t bound = layer.op.bound(dim);
    problems.push_back(
        {fmt::format("dimension {}", name(dim)),
         fmt::format("the loops leave tiles of {} elements to the MACs; the layer has "
                     "{}, so their bounds must multiply to at least that many",
                     left[index(dim)], bound),
         {}});
  }
}

}  // namespace

TileSizes tile_sizes(const Layer& layer, const Mapping& mapping) {
  TileSizes sizes;
  DimArray tile = layer.op.bounds();
  for (const LevelLoops& level : mapping.levels) {
    divide(tile, level.temporal);
    sizes.below_temporal.push_back(tile);
    divide(tile, level.spatial_x);
    divide(tile, level.spatial_y);
    sizes.below_spatial.push_back(tile);
  }
  return sizes;
}

Diagnostics check(const Mapping& mapping, const Layer& layer, const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  if (mapping.levels.size() != levels.size()) {
    return {{"mapping",
             fmt::format("has loops for {} levels, '{}' has {}", mapping.levels.size(),
                         accelerator.name(), levels.size()),
             {}}};
  }
  if (!mapping.level_order.empty()) {
    const std::vector<LevelOrder> orders = sibling_orders(accelerator);
    if (std::find(orders.begin(), orders.end(), mapping.level_order) == orders.end())
      return {{"mapping", "nests levels in an order that is none of siblings", {}}};
    Mapping listed = mapping;
    listed.level_order.clear();
    return check(listed, layer, with_level_order(accelerator, mapping.level_order));
  }
  Diagnostics problems;
  bool bounds_are_good = true;
  for (LevelIndex l = 0; l < levels.size(); ++l) {
    const LevelLoops& loops = mapping.levels[l];
    const Fanout& fanout = levels[l].fanout;
    const LoopList temporal{levels[l].name + ".temporal", loops.temporal, levels[l].temporal_dims};
    const LoopList x{levels[l].name + ".spatial_x", loops.spatial_x, fanout.x_dims};
    const LoopList y{levels[l].name + ".spatial_y", loops.spatial_y, fanout.y_dims};
    for (const LoopList& list : {temporal, x, y}) {
      check_loops(list, problems);
      for (const Loop& loop : list.loops) bounds_are_good = bounds_are_good && loop.bound >= 1;
    }
    check_axis(x, fanout.x, "columns", problems);
    check_axis(y, fanout.y, "rows", problems);
  }
  if (bounds_are_good) check_innermost(mapping, layer, problems);
  return problems;
}

}  // namespace hwflow::chip
