#include "train/fault/fault_draw.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::train::fault {
namespace {

/// The stratum of fault `index` of the whole space; `index` becomes its number there.
std::size_t stratum_of(const std::vector<Stratum>& strata, std::int64_t& index,
                       std::size_t first = 0) {
  std::size_t stratum = first;
  while (index >= strata[stratum].words) index -= strata[stratum++].words;
  return stratum;
}

}  // namespace

RandomOrder::RandomOrder(std::int64_t count, std::uint64_t seed) : count_(count), seed_(seed) {
  HWFLOW_CHECK(count >= 1, "an order of something");
  half_bits_ = std::max(
      1, (static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count - 1))) + 1) / 2);
}

std::uint64_t RandomOrder::step(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_, right = value & mask;
  for (std::uint64_t round = 0; round < 4; ++round) {
    const std::uint64_t mixed = Rng::derive(seed_, (right << 3) | round)();
    const std::uint64_t next = left ^ (mixed & mask);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::int64_t RandomOrder::operator[](std::int64_t k) const {
  HWFLOW_CHECK(k >= 0 && k < count_, "beyond the order");
  auto value = static_cast<std::uint64_t>(k);
  do value = step(value);
  while (value >= static_cast<std::uint64_t>(count_));
  return static_cast<std::int64_t>(value);
}

FaultDraw::FaultDraw(const FaultSpace& space, std::uint64_t seed)
    : space_(space), drawn_(space.strata().size()), position_(Rng::derive(seed, 0).uniform()) {
  double up_to = 0.0;
  for (std::size_t s = 0; s < space.strata().size(); ++s) {
    orders_.emplace_back(space.strata()[s].words, Rng::derive(seed, s + 1)());
    up_to += static_cast<double>(space.strata()[s].words);
    share_up_to_.push_back(up_to / static_cast<double>(space.population()));
  }
}

FaultList FaultDraw::draw(std::int64_t count, std::vector<std::uint32_t>& strata) {
  FaultList faults;
  for (; count > 0 && total_ < space_.population(); --count, ++total_) {
    position_ = std::fmod(position_ + 1.0 / std::numbers::phi, 1.0);
    auto stratum = static_cast<std::size_t>(std::ranges::upper_bound(share_up_to_, position_) -
                                            share_up_to_.begin());
    if (stratum == drawn_.size()) --stratum;  // rounding
    while (drawn_[stratum] == space_.strata()[stratum].words)
      stratum = (stratum + 1) % drawn_.size();
    faults.add(space_.upset(stratum, orders_[stratum][drawn_[stratum]++]));
    strata.push_back(static_cast<std::uint32_t>(stratum));
  }
  return faults;
}

std::vector<Upset> draw_at_rate(const FaultSpace& space, double rate, std::uint64_t seed,
                                std::uint64_t inference) {
  HWFLOW_CHECK(rate > 0.0 && rate < 1.0, "a rate between 0 and 1");
  std::vector<Upset> upsets;
  Rng rng = Rng::derive(seed, inference);
  std::size_t stratum = 0;
  std::int64_t within = -1;
  for (;;) {
    // Faults that do not happen before the next that does: geometric.
    const double skipped = std::floor(std::log1p(-rng.uniform()) / std::log1p(-rate));
    if (skipped >= static_cast<double>(space.population())) return upsets;
    within += 1 + static_cast<std::int64_t>(skipped);
    std::int64_t left = 0;
    for (std::size_t s = stratum; s < space.strata().size(); ++s) left += space.strata()[s].words;
    if (within >= left) return upsets;
    stratum = stratum_of(space.strata(), within, stratum);
    upsets.push_back(space.upset(stratum, within));
  }
}

}  // namespace hwflow::train::fault
