#include "chip/mapper/outer_traffic.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "chip/mapper/loop_orders.hpp"

namespace hwflow::chip {
namespace {

/// DRAM as it is, and a level that holds whatever it is given.
std::optional<Accelerator> with_roomy_second_level(const Accelerator& accelerator) {
  Accelerator::Fields fields = accelerator.fields();
  if (fields.levels.size() < 2) return std::nullopt;
  MemoryLevel inner;
  inner.name = fields.levels[1].name;
  inner.keeps = RoleSet{{true, true, true}};
  fields.levels = {fields.levels[0], inner};
  auto made = Accelerator::make(std::move(fields));
  if (!made) return std::nullopt;
  return std::move(*made);
}

constexpr std::array kSlots{slot_of(0, SlotKind::temporal), slot_of(0, SlotKind::y),
                            slot_of(0, SlotKind::x)};

}  // namespace

OuterTraffic::Outer::Outer(const Layer& layer, Accelerator two_levels)
    : machine(std::move(two_levels)),
      space(layer, machine, MapperOptions::Factors::perfect),
      model(layer, machine, space) {}

OuterTraffic::OuterTraffic(const Layer& layer, const Accelerator& accelerator) {
  // Where a tile that changes moves whole, a small level further in may take fewer words.
  const CountingRules& rules = accelerator.fields().counting;
  if (rules.box_tiles || !rules.halo_reuse) return;
  if (auto machine = with_roomy_second_level(accelerator))
    outer_.emplace(layer, std::move(*machine));
}

double OuterTraffic::least_bits(const Candidate& candidate) {
  if (!outer_) return 0.0;
  std::vector<std::int32_t> key;
  for (const Dim dim : outer_->space.dims())
    for (const std::size_t slot : kSlots) key.push_back(candidate.bound(slot, dim));
  const auto [entry, is_new] = known_.try_emplace(std::move(key));
  if (is_new) entry->second = find_least(candidate);
  return entry->second;
}

double OuterTraffic::find_least(const Candidate& candidate) const {
  const MapSpace& space = outer_->space;
  Candidate outer = space.empty();
  for (const Dim dim : space.dims()) {
    DimLoops& loops = outer.chains[index(dim)];
    std::int64_t inside = space.size(dim);
    for (const std::size_t slot : kSlots) {
      loops[slot] = candidate.bound(slot, dim);
      inside /= loops[slot];
    }
    loops[slot_of(1, SlotKind::temporal)] = static_cast<std::int32_t>(inside);
  }
  double least = std::numeric_limits<double>::infinity();
  for_each_order(outer, 0, space, outer_->model, [&](const LoopOrder& order) {
    outer.orders[0] = order;
    least = std::min(least, outer_->model.bound(outer, outer_->model.all()).dram_bits);
    return true;
  });
  return least;
}

}  // namespace hwflow::chip
