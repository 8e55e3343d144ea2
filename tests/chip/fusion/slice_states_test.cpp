#include "chip/fusion/slice_states.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

/// Options and bounds at random, bounds never above options.
SliceStates draw(Rng& rng, std::size_t layers, Objective objective) {
  SliceStates states(layers, 1, layers, objective);
  for (SliceState& state : states.all()) {
    state.bound = {static_cast<double>(rng.between(1, 20)), static_cast<double>(rng.between(1, 9))};
    state.estimate = state.bound;
    state.is_searched = rng.below(2) == 0;
    const std::int64_t count = state.slice.size() == 1 ? 1 : rng.between(0, 2);
    for (std::int64_t o = 0; o < count; ++o) {
      FusedGroup group;
      group.slice = state.slice;
      group.total.energy_pj = state.bound.first + static_cast<double>(rng.between(0, 20));
      group.total.cycles = static_cast<std::int64_t>(state.bound.second) + rng.between(0, 20);
      if (rng.below(2) == 0) group.effort = MappingEffort::quick;
      state.options.push_back(std::move(group));
    }
  }
  return states;
}

/// Calls visit(slices) for every cover of [first, layers).
void visit_covers(const SliceStates& states, std::size_t layers, std::size_t first,
                  std::vector<std::size_t>& cover,
                  const std::function<void(const std::vector<std::size_t>&)>& visit) {
  if (first == layers) return visit(cover);
  for (std::size_t i = 0; i < states.all().size(); ++i) {
    const Slice& slice = states.all()[i].slice;
    if (slice.first != first) continue;
    cover.push_back(i);
    visit_covers(states, layers, slice.last, cover, visit);
    cover.pop_back();
  }
}

/// What can_improve() says no to improves no cover by enumeration.
TEST(SliceStates, WhatCannotImproveIsInNoBetterPartition) {
  int refused = 0, needed = 0;
  for (const Objective objective : {Objective::energy, Objective::edp}) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
      Rng rng = Rng::derive(61, seed);
      constexpr std::size_t kLayers = 5;
      SliceStates states = draw(rng, kLayers, objective);
      states.look_around();
      for (const SliceState& state : states.all()) {
        double least = 1e300;
        std::vector<std::size_t> cover;
        visit_covers(states, kLayers, 0, cover, [&](const std::vector<std::size_t>& slices) {
          bool is_in = false;
          PartCost sum;
          for (const std::size_t i : slices) {
            is_in = is_in || states.all()[i].slice == state.slice;
            sum.first += states.all()[i].bound.first;
            sum.second += states.all()[i].bound.second;
          }
          if (is_in) least = std::min(least, states.value_of(sum));
        });
        if (states.can_improve(state.slice, state.bound, 0.0)) {
          ++needed;
          if (objective == Objective::energy) {
            EXPECT_LT(least, states.known());
          }
        } else {
          ++refused;
          EXPECT_GE(least, states.known());
        }
      }
    }
  }
  EXPECT_GT(refused, 50);
  EXPECT_GT(needed, 50);
}

/// With full hope quick options cost their bounds, and a cover of options is never below that.
TEST(SliceStates, HopeLowersQuickOptionsToTheirBoundsAtMost) {
  int lower = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng = Rng::derive(62, seed);
    const SliceStates states = draw(rng, 5, Objective::energy);
    const auto found = states.best_known();
    const auto hoped = states.best_known({0.0, 0.0});
    EXPECT_LE(hoped.value, found.value);
    EXPECT_GE(hoped.value, states.lowest());
    double sum = 0.0;
    for (const auto& [slice, option] : found.parts)
      sum += states.all()[slice].options[option].total.energy_pj;
    EXPECT_DOUBLE_EQ(sum, found.value);
    lower += hoped.value < found.value ? 1 : 0;
  }
  EXPECT_GT(lower, 10);
}

/// Slices that are not done cost what is guessed; those on the path are named.
TEST(SliceStates, NamesTheOpenSlicesOfTheCheapestPath) {
  SliceStates states(2, 1, 2, Objective::energy);
  auto& all = states.all();  // 0-1, 0-2, 1-2
  ASSERT_EQ(all.size(), 3U);
  for (SliceState& state : all) state.bound = state.estimate = {4.0, 0.0};
  FusedGroup group;
  group.total.energy_pj = 5.0;
  all[0].options = all[2].options = {group};
  all[0].is_searched = all[2].is_searched = true;
  auto open = states.open_on_path(&SliceState::is_searched, &SliceState::estimate);
  EXPECT_EQ(open.slices, std::vector<std::size_t>{1});
  EXPECT_DOUBLE_EQ(open.value, 4.0);
  all[1].estimate = {11.0, 0.0};
  open = states.open_on_path(&SliceState::is_searched, &SliceState::estimate);
  EXPECT_TRUE(open.slices.empty());
  EXPECT_DOUBLE_EQ(open.value, 10.0);
}

}  // namespace
}  // namespace hwflow::chip
