#include "chip/cost/nest.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

/// More than any mesh has; keeps products of bounds from overflow.
constexpr std::int64_t kMostUnits = std::int64_t{1} << 53;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a - 1) / b + 1; }

class NestBuilder {
 public:
  explicit NestBuilder(const DimArray& bounds) : tile_(bounds) {
    nest_.bounds = bounds;
    nest_.loops.reserve(32);
  }

  [[nodiscard]] bool add(const Loop& loop, LevelIndex level, bool spatial, bool columns = false) {
    if (loop.bound < 1) return false;
    std::int64_t& tile = tile_[index(loop.dim)];
    const std::int64_t inner = ceil_div(tile, loop.bound);
    if (inner < tile) {
      nest_.loops.push_back({loop.dim, spatial, level, inner, ceil_div(tile, inner), columns});
      tile = inner;
    }
    return true;
  }

  [[nodiscard]] bool is_complete() const { return tile_ == kOnes; }
  [[nodiscard]] Nest take() { return std::move(nest_); }

 private:
  DimArray tile_;
  Nest nest_;
};

std::int64_t product_of_bounds(const std::vector<Loop>& loops) {
  std::int64_t product = 1;
  for (const Loop& loop : loops) {
    if (loop.bound > kMostUnits / product) return kMostUnits;
    product *= loop.bound;
  }
  return product;
}

bool add_level(NestBuilder& builder, const LevelLoops& loops, LevelIndex level) {
  bool ok = true;
  for (const Loop& loop : loops.temporal) ok = builder.add(loop, level, false) && ok;
  for (auto it = loops.spatial_y.rbegin(); it != loops.spatial_y.rend(); ++it)
    ok = builder.add(*it, level, true) && ok;
  for (auto it = loops.spatial_x.rbegin(); it != loops.spatial_x.rend(); ++it)
    ok = builder.add(*it, level, true, true) && ok;
  return ok;
}

/// Iterations of the temporal loops of one dimension over `length` elements, from loop `at` on.
std::int64_t steps_of(const Nest& nest, Dim dim, std::size_t at, std::int64_t length) {
  while (at < nest.loops.size() && nest.loops[at].dim != dim) ++at;
  if (at == nest.loops.size()) return 1;
  const NestLoop& loop = nest.loops[at];
  if (loop.spatial) return steps_of(nest, dim, at + 1, std::min(length, loop.tile));
  const std::int64_t full = length / loop.tile;
  const std::int64_t rest = length % loop.tile;
  return (full > 0 ? full * steps_of(nest, dim, at + 1, loop.tile) : 0) +
         (rest > 0 ? steps_of(nest, dim, at + 1, rest) : 0);
}

/// Instances along one dimension above `level` that have work while the first tile is processed.
std::int64_t instances_of(const Nest& nest, Dim dim, LevelIndex level, std::size_t at,
                          std::int64_t length) {
  while (at < nest.loops.size() && nest.loops[at].dim != dim) ++at;
  if (at == nest.loops.size() || nest.loops[at].level >= level) return 1;
  const NestLoop& loop = nest.loops[at];
  if (!loop.spatial) return instances_of(nest, dim, level, at + 1, std::min(length, loop.tile));
  const std::int64_t full = length / loop.tile;
  const std::int64_t rest = length % loop.tile;
  return (full > 0 ? full * instances_of(nest, dim, level, at + 1, loop.tile) : 0) +
         (rest > 0 ? instances_of(nest, dim, level, at + 1, rest) : 0);
}

}  // namespace

std::variant<Nest, Infeasible> make_nest(const Layer& layer, const Accelerator& accelerator,
                                         const Mapping& mapping) {
  const auto& levels = accelerator.levels();
  using Reason = Infeasible::Reason;
  if (mapping.levels.size() != levels.size()) return Infeasible{Reason::malformed, 0};
  NestBuilder builder(layer.op.bounds());
  for (LevelIndex level = 0; level < levels.size(); ++level) {
    const LevelLoops& loops = mapping.levels[level];
    if (!add_level(builder, loops, level)) return Infeasible{Reason::malformed, level};
    if (product_of_bounds(loops.spatial_x) > levels[level].fanout.x ||
        product_of_bounds(loops.spatial_y) > levels[level].fanout.y)
      return Infeasible{Reason::mesh, level};
  }
  if (!builder.is_complete()) return Infeasible{Reason::malformed, levels.size() - 1};
  return builder.take();
}

std::int64_t temporal_steps(const Nest& nest) {
  std::int64_t steps = 1;
  for (const Dim dim : kDims) steps *= steps_of(nest, dim, 0, nest.bounds[index(dim)]);
  return steps;
}

bool is_ragged(const Nest& nest) {
  DimArray above = nest.bounds;
  for (const NestLoop& loop : nest.loops) {
    std::int64_t& size = above[index(loop.dim)];
    if (size % loop.tile != 0) return true;
    size = loop.tile;
  }
  return false;
}

std::int64_t used_instances(const Nest& nest, LevelIndex level) {
  std::int64_t used = 1;
  for (const Dim dim : kDims) used *= instances_of(nest, dim, level, 0, nest.bounds[index(dim)]);
  return used;
}

}  // namespace hwflow::chip
