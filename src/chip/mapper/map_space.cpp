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

std::vector<std::int64_t> divisors_of(std::int64_t number) {
  std::vector<std::int64_t> small, large;
  for (std::int64_t divisor = 1; divisor * divisor <= number; ++divisor) {
    if (number % divisor != 0) continue;
    small.push_back(divisor);
    if (divisor != number / divisor) large.push_back(number / divisor);
  }
  small.insert(small.end(), large.rbegin(), large.rend());
  return small;
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
                   MapperOptions::Factors factors, MapperOptions::Axes axes)
    : sizes_(layer.op.bounds()),
      level_count_(accelerator.levels().size()),
      factors_(factors),
      axes_(axes) {
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

/// Depth-first over the slots, largest bounds first.
class MapSpace::ChainWalk {
 public:
  ChainWalk(const MapSpace& space, Dim dim, std::size_t limit, const std::function<bool()>& stopped)
      : space_(space), dim_(dim), limit_(limit), stopped_(stopped) {
    if (space.perfect()) divisors_ = divisors_of(space.size(dim));
  }

  ChainList run() {
    extend(0, space_.size(dim_));
    return std::move(list_);
  }

 private:
  /// False when the walk is over before its end.
  bool extend(std::size_t slot, std::int64_t tile) {
    if (!may_go_on()) return list_.complete = false;
    if (slot == space_.slot_count()) {
      if (tile != 1) return true;
      if (list_.chains.size() == limit_) return list_.complete = false;
      list_.chains.push_back(chain_);
      return true;
    }
    if (!space_.allows(slot, dim_) || !space_.allows_beside(slot, chain_))
      return extend(slot + 1, tile);
    return space_.perfect() ? extend_evenly(slot, tile) : extend_raggedly(slot, tile);
  }

  [[nodiscard]] std::int64_t most(std::size_t slot, std::int64_t tile) const {
    const bool spatial = kind_of(slot) != SlotKind::temporal;
    return spatial ? std::min(tile, space_.mesh(slot)) : tile;
  }

  bool extend_evenly(std::size_t slot, std::int64_t tile) {
    const std::int64_t limit = most(slot, tile);
    for (auto bound = divisors_.rbegin(); bound != divisors_.rend(); ++bound) {
      if (*bound > limit || tile % *bound != 0) continue;
      if (!put(slot, *bound, tile / *bound)) return false;
    }
    return true;
  }

  /// Of the bounds that leave the same tile only the smallest is taken: the others run as often.
  bool extend_raggedly(std::size_t slot, std::int64_t tile) {
    const std::int64_t limit = most(slot, tile);
    std::int64_t inner = ceil_div(tile, limit);
    while (true) {
      const std::int64_t bound = ceil_div(tile, inner);
      if (!put(slot, bound, inner)) return false;
      if (bound == 1) return true;
      inner = ceil_div(tile, bound - 1);
    }
  }

  bool put(std::size_t slot, std::int64_t bound, std::int64_t inner) {
    chain_[slot] = static_cast<std::int32_t>(bound);
    const bool go_on = extend(slot + 1, inner);
    chain_[slot] = 1;
    return go_on;
  }

  /// Branches without any chain count too.
  bool may_go_on() {
    constexpr std::int64_t kInterval = 4096, kStepsPerChain = 64;
    ++steps_;
    if (steps_ / kStepsPerChain > static_cast<std::int64_t>(limit_) + kInterval) return false;
    return steps_ % kInterval != 0 || !stopped_ || !stopped_();
  }

  const MapSpace& space_;
  Dim dim_;
  std::size_t limit_;
  const std::function<bool()>& stopped_;
  std::vector<std::int64_t> divisors_;  // rising
  DimLoops chain_ = kNoLoops;
  std::int64_t steps_ = 0;
  ChainList list_;
};

ChainList MapSpace::first_chains(Dim dim, std::size_t limit,
                                 const std::function<bool()>& stopped) const {
  return ChainWalk(*this, dim, limit, stopped).run();
}

std::vector<DimLoops> MapSpace::chains(Dim dim) const {
  constexpr std::size_t kAll = std::size_t{1} << 48;
  std::vector<DimLoops> all = first_chains(dim, kAll).chains;
  std::reverse(all.begin(), all.end());
  return all;
}

bool MapSpace::allows_beside(std::size_t slot, const DimLoops& loops) const {
  if (axes_ == MapperOptions::Axes::any || kind_of(slot) == SlotKind::temporal) return true;
  const SlotKind other = kind_of(slot) == SlotKind::x ? SlotKind::y : SlotKind::x;
  return loops[slot_of(level_of(slot), other)] == 1;
}

bool MapSpace::fits_mesh(const Candidate& candidate) const {
  for (std::size_t slot = 0; slot < slot_count(); ++slot) {
    if (kind_of(slot) == SlotKind::temporal || mesh(slot) == 1) continue;
    std::int64_t used = 1;
    for (const Dim dim : dims_) {
      used *= candidate.bound(slot, dim);
      if (candidate.bound(slot, dim) > 1 && !allows_beside(slot, candidate.chains[index(dim)]))
        return false;
    }
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
  if (bound > 1 && !(allows(slot, dim) && allows_beside(slot, chain))) return std::nullopt;
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
    const auto put_mesh = [&](SlotKind axis, Dim first, std::vector<Loop>& into) {
      const auto put = [&](Dim dim) {
        const std::int32_t bound = candidate.bound(slot_of(l, axis), dim);
        if (bound > 1) into.push_back({dim, bound});
      };
      put(first);
      for (const Dim dim : kDims)
        if (dim != first) put(dim);
    };
    put_mesh(SlotKind::x, candidate.adjacent[0], loops.spatial_x);
    put_mesh(SlotKind::y, candidate.adjacent[1], loops.spatial_y);
  }
  return mapping;
}

std::optional<Candidate> MapSpace::from_mapping(const Mapping& mapping) const {
  if (mapping.levels.size() != level_count_ || !mapping.level_order.empty()) return std::nullopt;
  Candidate candidate = empty();
  for (LevelIndex l = 0; l < level_count_; ++l) {
    const LevelLoops& loops = mapping.levels[l];
    if (!put_loops(loops.temporal, slot_of(l, SlotKind::temporal), candidate) ||
        !put_loops(loops.spatial_x, slot_of(l, SlotKind::x), candidate) ||
        !put_loops(loops.spatial_y, slot_of(l, SlotKind::y), candidate)) {
      return std::nullopt;
    }
    candidate.orders[l] = order_of(loops.temporal);
    if (!loops.spatial_x.empty()) candidate.adjacent[0] = loops.spatial_x.front().dim;
    if (!loops.spatial_y.empty()) candidate.adjacent[1] = loops.spatial_y.front().dim;
  }
  for (const Dim dim : kDims) {
    std::int64_t tile = size(dim);
    for (std::size_t slot = 0; slot < slot_count(); ++slot) {
      const std::int32_t bound = candidate.bound(slot, dim);
      if (bound > 1 && !(allows(slot, dim) && allows_beside(slot, candidate.chains[index(dim)])))
        return std::nullopt;
      if (perfect() && tile % bound != 0) return std::nullopt;
      tile = ceil_div(tile, bound);
    }
    if (tile != 1) return std::nullopt;
  }
  if (!fits_mesh(candidate)) return std::nullopt;
  return candidate;
}

}  // namespace hwflow::chip
