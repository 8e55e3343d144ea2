#include "chip/mapper/loop_moves.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

/// A random prime factor of `number` (> 1).
std::int32_t random_prime_of(std::int32_t number, Rng& rng) {
  std::vector<std::int32_t> primes;
  for (std::int32_t prime = 2; prime * prime <= number; ++prime) {
    if (number % prime == 0) primes.push_back(prime);
    while (number % prime == 0) number /= prime;
  }
  if (number > 1) primes.push_back(number);
  return primes[rng.below(primes.size())];
}

}  // namespace

LoopMoves::LoopMoves(const MapSpace& space, bool neighbours)
    : space_(space), neighbours_(neighbours) {
  for (const Dim dim : kDims) {
    for (std::size_t slot = 0; slot < space.slot_count(); ++slot) {
      if (space.allows(slot, dim)) slots_[index(dim)].push_back(slot);
    }
  }
}

Dim LoopMoves::random_dim(Rng& rng) const { return space_.dims()[rng.below(space_.dims().size())]; }

std::size_t LoopMoves::random_slot(Dim dim, Rng& rng) const {
  const auto& slots = slots_[index(dim)];
  return slots[rng.below(slots.size())];
}

bool LoopMoves::shift_factor(Candidate& candidate, Dim dim, std::size_t from, std::size_t to,
                             Rng& rng) const {
  DimLoops& loops = candidate.chains[index(dim)];
  if (from == to || loops[from] == 1 || !space_.allows(to, dim)) return false;
  if (space_.perfect()) {
    const std::int32_t prime = random_prime_of(loops[from], rng);
    loops[from] /= prime;
    loops[to] *= prime;
    return true;
  }
  // Any other bound outside, the least that completes the dimension inside (or the reverse).
  DimLoops changed = loops;
  changed[from] = static_cast<std::int32_t>(rng.between(1, loops[from] - 1));
  const auto closing = space_.closing_bound(changed, dim, to);
  if (!closing) return false;
  changed[to] = *closing;
  const auto tightened = space_.closing_bound(changed, dim, from);
  if (!tightened) return false;
  changed[from] = *tightened;
  changed = space_.tightened(changed, dim);
  if (changed == loops) return false;
  loops = changed;
  return true;
}

bool LoopMoves::move_factor(Candidate& candidate, Rng& rng) const {
  const Dim dim = random_dim(rng);
  std::array<std::size_t, kMaxSlots> turning{};
  std::size_t count = 0;
  for (const std::size_t slot : slots_[index(dim)]) {
    if (candidate.bound(slot, dim) > 1) turning[count++] = slot;
  }
  if (count == 0) return false;
  const std::size_t from = turning[rng.below(count)];
  return shift_factor(candidate, dim, from, random_slot(dim, rng), rng);
}

/// One dimension gives a factor from one slot to another, a second one the other way: keeps tiles
/// about as large as they were.
bool LoopMoves::exchange_factors(Candidate& candidate, Rng& rng) const {
  const Dim a = random_dim(rng), b = random_dim(rng);
  if (a == b) return false;
  const std::size_t from = random_slot(a, rng), to = random_slot(a, rng);
  const Candidate before = candidate;
  if (shift_factor(candidate, a, from, to, rng) && shift_factor(candidate, b, to, from, rng)) {
    return true;
  }
  candidate = before;
  return false;
}

bool LoopMoves::change_order(Candidate& candidate, Rng& rng) const {
  const LevelIndex level = rng.below(space_.level_count());
  LoopOrder& order = candidate.orders[level];
  std::array<std::size_t, kDimCount> turning{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < kDimCount; ++i) {
    if (candidate.bound(slot_of(level, SlotKind::temporal), order[i]) > 1) turning[count++] = i;
  }
  if (count < 2) return false;
  const std::size_t a = turning[rng.below(count)], b = turning[rng.below(count)];
  if (a == b) return false;
  // Half the time the loop goes innermost, which decides what stays; else two loops swap.
  if (rng.below(2) == 0) {
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::max(a, b)),
                order.begin() + static_cast<std::ptrdiff_t>(std::max(a, b)) + 1);
  } else {
    std::swap(order[a], order[b]);
  }
  return true;
}

bool LoopMoves::change_neighbours(Candidate& candidate, Rng& rng) const {
  Dim& adjacent = candidate.adjacent[rng.below(candidate.adjacent.size())];
  constexpr std::array kWindows{Dim::n, Dim::p, Dim::q, Dim::r, Dim::s};
  const Dim dim = kWindows[rng.below(kWindows.size())];
  if (adjacent == dim) return false;
  adjacent = dim;
  return true;
}

bool LoopMoves::move_outward(Candidate& candidate, std::size_t first, std::size_t end,
                             Rng& rng) const {
  struct Place {
    Dim dim;
    std::size_t slot;
  };
  std::vector<Place> turning;
  for (const Dim dim : space_.dims())
    for (std::size_t slot = first; slot < end; ++slot)
      if (candidate.bound(slot, dim) > 1) turning.push_back({dim, slot});
  if (turning.empty()) return false;
  const Place from = turning[rng.below(turning.size())];
  std::vector<std::size_t> outer;
  for (const std::size_t slot : slots_[index(from.dim)])
    if (slot < first && kind_of(slot) == SlotKind::temporal) outer.push_back(slot);
  if (outer.empty()) return false;
  return shift_factor(candidate, from.dim, from.slot, outer[rng.below(outer.size())], rng);
}

bool LoopMoves::change(Candidate& candidate, Rng& rng) const {
  if (space_.dims().empty()) return false;
  constexpr std::uint64_t kOneIn = 8;
  if (neighbours_ && rng.below(kOneIn) == 0) return change_neighbours(candidate, rng);
  switch (rng.below(4)) {
    case 0: return change_order(candidate, rng);
    case 1: return exchange_factors(candidate, rng);
    default: return move_factor(candidate, rng);
  }
}

Candidate LoopMoves::sample(Rng& rng) const {
  Candidate candidate = space_.empty();
  for (const Dim dim : space_.dims()) {
    DimLoops& loops = candidate.chains[index(dim)];
    const auto& slots = slots_[index(dim)];
    if (slots.empty()) continue;
    // All in one slot, then scattered: every chain can come up.
    std::size_t home = slots.front();
    for (const std::size_t slot : slots) {
      if (kind_of(slot) == SlotKind::temporal) {
        home = slot;
        break;
      }
    }
    loops[home] = static_cast<std::int32_t>(space_.size(dim));
    for (int i = 0; i < 24; ++i) {
      std::size_t from = random_slot(dim, rng);
      if (i % 2 == 0) from = home;
      (void)shift_factor(candidate, dim, from, random_slot(dim, rng), rng);
    }
  }
  for (LoopOrder& order : candidate.orders) {
    for (std::size_t i = kDimCount; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  }
  for (std::size_t axis = 0; neighbours_ && axis < candidate.adjacent.size(); ++axis)
    (void)change_neighbours(candidate, rng);
  return candidate;
}

}  // namespace hwflow::chip
