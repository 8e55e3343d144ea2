#include "train/fault/fault_draw.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::train::fault {
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

PairOrder::PairOrder(std::int64_t strata, std::int64_t units, std::uint64_t seed)
    : strata_(strata),
      units_(units),
      block_(std::lcm(strata, units)),
      strata_order_(strata, Rng::derive(seed, 1)()),
      unit_order_(units, Rng::derive(seed, 2)()) {}

/// Counting both at once meets the pairs whose difference is a multiple of the greatest common
/// divisor; each block counts units from one further on, and so meets the next difference.
PairOrder::Pair PairOrder::operator[](std::int64_t k) const {
  HWFLOW_CHECK(k >= 0 && k < strata_ * units_, "beyond the order");
  return {strata_order_[k % strata_], unit_order_[(k + k / block_) % units_]};
}

FaultDraw::FaultDraw(const FaultSpace& space, std::uint64_t seed)
    : space_(space), drawn_(space.strata().size()) {
  for (std::size_t s = 0; s < space.strata().size(); ++s) {
    const Stratum& stratum = space.strata()[s];
    orders_.emplace_back(stratum.words, Rng::derive(seed, s + 1)());
    if (s == 0 || stratum.site != space.strata()[s - 1].site) turns_.emplace_back();
    turns_.back().strata.push_back(s);
    turns_.back().left += stratum.words;
    turns_.back().share_up_to.push_back(static_cast<double>(turns_.back().left));
  }
  Rng rng = Rng::derive(seed, 0);
  for (Turn& turn : turns_) {
    for (double& share : turn.share_up_to) share /= static_cast<double>(turn.left);
    turn.position = rng.uniform();
  }
}

std::size_t FaultDraw::next_stratum(Turn& turn) const {
  turn.position = std::fmod(turn.position + 1.0 / std::numbers::phi, 1.0);
  auto at = static_cast<std::size_t>(std::ranges::upper_bound(turn.share_up_to, turn.position) -
                                     turn.share_up_to.begin());
  if (at == turn.strata.size()) --at;  // rounding
  while (drawn_[turn.strata[at]] == space_.strata()[turn.strata[at]].words)
    at = (at + 1) % turn.strata.size();
  --turn.left;
  return turn.strata[at];
}

FaultList FaultDraw::draw(std::int64_t count, std::vector<std::uint32_t>& strata) {
  FaultList faults;
  for (; count > 0 && total_ < space_.population(); --count, ++total_) {
    while (turns_[turn_].left == 0) turn_ = (turn_ + 1) % turns_.size();
    const std::size_t stratum = next_stratum(turns_[turn_]);
    turn_ = (turn_ + 1) % turns_.size();
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
  for (std::int64_t number = -1;;) {
    // Faults that do not happen before the next that does: geometric.
    const double skipped = std::floor(std::log1p(-rng.uniform()) / std::log1p(-rate));
    if (skipped >= static_cast<double>(space.population())) return upsets;
    number += 1 + static_cast<std::int64_t>(skipped);
    if (number >= space.population()) return upsets;
    const std::size_t stratum = space.stratum_of(number);
    upsets.push_back(space.upset(stratum, number - space.before(stratum)));
  }
}

}  // namespace hwflow::train::fault
