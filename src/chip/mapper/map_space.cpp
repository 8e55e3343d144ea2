#include "chip/mapper/map_space.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace hwflow::chip {
namespace {

bool contains(const std::vector<Dim>& dims, Dim dim) {
  return dims.empty() || std::find(dims.begin(), dims.end(), dim) != dims.end();
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a - 1) / b + 1; }

/// Prime factors with multiplicity: how many ways a dimension can be cut grows with it.
int prime_factors(std::int64_t number) {
  int count = 0;
  for (std::int64_t prime = 2; prime * prime <= number; ++prime) {
    for (; number % prime == 0; number /= prime) ++count;
  }
  return count + (number > 1 ? 1 : 0);
}

bool put_loops(const std::vector<Loop>& loops, std::size_t slot, Candidate& candidate) {
  for (const Loop& loop : loops) {
    std::int32_t& bound = candidate.chains[index(loop.dim)][slot];
    if (bound != 1 || loop.bound > std::int64_t{1} << 30) return false;
    bound = static_cast<std::int32_t>(loop.bound);
  }
  return true;
}

/// Loops of the mapping innermost first, then the dimensions that have none.
LoopOrder order_of(const std::vector<Loop>& outermost_first) {
  LoopOrder order{};
  std::array<bool, kDimCount> seen{};
  std::size_t next = 0;
  const auto add = [&](Dim dim) {
    if (!seen[index(dim)]) order[next++] = dim;
    seen[index(dim)] = true;
  };
  for (auto loop = outermost_first.rbegin(); loop != outermost_first.rend(); ++loop) {
    if (loop->bound > 1) add(loop->dim);
  }
  for (const Dim dim : kDims) add(dim);
  return order;
}

}  // namespace

MapSpace::MapSpace(const Layer& layer, const Accelerator& accelerator,
                   MapperOptions::Factors factors)
    : sizes_(layer.op.bounds()), level_count_(accelerator.levels().size()), factors_(factors) {
  HWFLOW_CHECK(level_count_ <= kMaxMapperLevels, "more memory levels than the mapper searches");
  for (LevelIndex l = 0; l < level_count_; ++l) {
    const MemoryLevel& level = accelerator.levels()[l];
    mesh_[slot_of(l, SlotKind::x)] = level.fanout.x;
    mesh_[slot_of(l, SlotKind::y)] = level.fanout.y;
    for (const Dim dim : kDims) {
      const std::size_t d = index(dim);
      allowed_[slot_of(l, SlotKind::temporal)][d] = contains(level.temporal_dims, dim);
      allowed_[slot_of(l, SlotKind::x)][d] =
          level.fanout.x > 1 && contains(level.fanout.x_dims, dim);
      allowed_[slot_of(l, SlotKind::y)][d] =
          level.fanout.y > 1 && contains(level.fanout.y_dims, dim);
    }
  }
  for (const Dim dim : kDims) {
    if (size(dim) > 1) dims_.push_back(dim);
  }
  std::stable_sort(dims_.begin(), dims_.end(), [this](Dim a, Dim b) {
    const int fa = prime_factors(size(a)), fb = prime_factors(size(b));
    return fa != fb ? fa > fb : size(a) > size(b);
  });
}

void MapSpace::extend(std::size_t slot, std::int64_t tile, Dim dim, DimLoops& chain,
                      std::vector<DimLoops>& out) const {
  if (slot == slot_count()) {
    if (tile == 1) out.push_back(chain);
    return;
  }
  extend(slot + 1, tile, dim, chain, out);
  if (!allows(slot, dim)) return;
  const bool spatial = kind_of(slot) != SlotKind::temporal;
  const std::int64_t most = spatial ? std::min(tile, mesh(slot)) : tile;
  // Of the bounds that leave the same tile only the smallest is kept: the others run as often.
  std::int64_t last_inner = tile;
  for (std::int64_t bound = 2; bound <= most; ++bound) {
    const std::int64_t inner = ceil_div(tile, bound);
    if (inner == last_inner) continue;
    last_inner = inner;
    if (perfect() && tile % bound != 0) continue;
    chain[slot] = static_cast<std::int32_t>(bound);
    extend(slot + 1, inner, dim, chain, out);
    chain[slot] = 1;
  }
}

std::vector<DimLoops> MapSpace::chains(Dim dim) const {
  std::vector<DimLoops> out;
  DimLoops chain = kNoLoops;
  extend(0, size(dim), dim, chain, out);
  return out;
}

bool MapSpace::fits_mesh(const Candidate& candidate) const {
  for (std::size_t slot = 0; slot < slot_count(); ++slot) {
    if (kind_of(slot) == SlotKind::temporal || mesh(slot) == 1) continue;
    std::int64_t used = 1;
    for (const Dim dim : dims_) used *= candidate.bound(slot, dim);
    if (used > mesh(slot)) return false;
  }
  return true;
}

std::optional<std::int32_t> MapSpace::closing_bound(const DimLoops& chain, Dim dim,
                                                    std::size_t slot) const {
  std::int64_t outer = size(dim), inner = 1;
  for (std::size_t s = 0; s < slot; ++s) outer = ceil_div(outer, chain[s]);
  for (std::size_t s = slot + 1; s < slot_count(); ++s) inner *= chain[s];
  const std::int64_t bound = ceil_div(outer, inner);
  if (bound > 1 && !allows(slot, dim)) return std::nullopt;
  if (kind_of(slot) != SlotKind::temporal && bound > mesh(slot)) return std::nullopt;
  if (bound > std::int64_t{1} << 30) return std::nullopt;
  return static_cast<std::int32_t>(bound);
}

DimLoops MapSpace::tightened(const DimLoops& loops, Dim dim) const {
  DimLoops result = kNoLoops;
  std::int64_t tile = size(dim);
  for (std::size_t slot = 0; slot < slot_count(); ++slot) {
    const std::int64_t inner = ceil_div(tile, loops[slot]);
    result[slot] = static_cast<std::int32_t>(ceil_div(tile, inner));
    tile = inner;
  }
  return result;
}

bool MapSpace::is_even(const DimLoops& loops, Dim dim) const {
  if (perfect()) return true;
  std::int64_t tile = size(dim);
  for (std::size_t slot = 0; slot < slot_count(); ++slot) {
    if (tile % loops[slot] != 0) return false;
    tile /= loops[slot];
  }
  return true;
}

Candidate MapSpace::empty() const {
  Candidate candidate;
  candidate.chains.fill(kNoLoops);
  candidate.orders.fill(kDims);
  return candidate;
}

Mapping MapSpace::to_mapping(const Candidate& candidate) const {
  Mapping mapping;
  mapping.levels.resize(level_count_);
  for (LevelIndex l = 0; l < level_count_; ++l) {
    LevelLoops& loops = mapping.levels[l];
    const LoopOrder& order = candidate.orders[l];
    for (std::size_t i = kDimCount; i-- > 0;) {
      const std::int32_t bound = candidate.bound(slot_of(l, SlotKind::temporal), order[i]);
      if (bound > 1) loops.temporal.push_back({order[i], bound});
    }
    for (const Dim dim : kDims) {
      const std::int32_t x = candidate.bound(slot_of(l, SlotKind::x), dim);
      const std::int32_t y = candidate.bound(slot_of(l, SlotKind::y), dim);
      if (x > 1) loops.spatial_x.push_back({dim, x});
      if (y > 1) loops.spatial_y.push_back({dim, y});
    }
  }
  return mapping;
}

std::optional<Candidate> MapSpace::from_mapping(const Mapping& mapping) const {
  if (mapping.levels.size() != level_count_) return std::nullopt;
  Candidate candidate = empty();
  for (LevelIndex l = 0; l < level_count_; ++l) {
    const LevelLoops& loops = mapping.levels[l];
    if (!put_loops(loops.temporal, slot_of(l, SlotKind::temporal), candidate) ||
        !put_loops(loops.spatial_x, slot_of(l, SlotKind::x), candidate) ||
        !put_loops(loops.spatial_y, slot_of(l, SlotKind::y), candidate)) {
      return std::nullopt;
    }
    candidate.orders[l] = order_of(loops.temporal);
  }
  for (const Dim dim : kDims) {
    std::int64_t tile = size(dim);
    for (std::size_t slot = 0; slot < slot_count(); ++slot) {
      const std::int32_t bound = candidate.bound(slot, dim);
      if (bound > 1 && !allows(slot, dim)) return std::nullopt;
      if (perfect() && tile % bound != 0) return std::nullopt;
      tile = ceil_div(tile, bound);
    }
    if (tile != 1) return std::nullopt;
  }
  if (!fits_mesh(candidate)) return std::nullopt;
  return candidate;
}

}  // namespace hwflow::chip
