#include "chip/mapper/count_plan.hpp"

#include <algorithm>
#include <limits>

#include "chip/cost/countable.hpp"

namespace hwflow::chip {
namespace {

/// Most temporal loops of one dimension: none has less than two trips.
std::size_t most_loops(std::int64_t size, std::size_t levels) {
  std::size_t loops = 0;
  for (; size > 1; size /= 2) ++loops;
  return std::min(loops, levels);
}

bool is_limited(const MemoryLevel& level) {
  return level.capacity_bits ||
         std::any_of(level.partition_bits.begin(), level.partition_bits.end(),
                     [](const auto& part) { return part.has_value(); });
}

bool is_unpadded(const Chain& chain) {
  const std::int64_t end = chain.offset + chain.coefficient[0] * (chain.bound[0] - 1) +
                           chain.coefficient[1] * (chain.bound[1] - 1) + 1;
  return chain.offset >= chain.low && end <= chain.high;
}

/// Do first and last tiles take time?
bool times_first_tiles(const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  return !accelerator.fields().counting.hide_transfers &&
         std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
           return level.read_bandwidth_bits_per_cycle || level.write_bandwidth_bits_per_cycle;
         });
}

/// Plans one operand.
class OperandPlanner {
 public:
  OperandPlanner(CountPlan& plan, const Layer& layer, const Accelerator& accelerator,
                 std::size_t operand)
      : plan_(plan),
        layer_(layer),
        accelerator_(accelerator),
        levels_(accelerator.levels()),
        operand_(layer.op.operands()[operand]),
        number_(operand) {}

  void run() {
    made_.role = operand_.role;
    for (LevelIndex l = 0; l < levels_.size(); ++l)
      if (is_limited(levels_[l]) && levels_[l].keeps.contains(operand_.role))
        made_.limited |= bit(l);
    plan_boundaries();
    plan_axes();
    if (!made_.boxes.empty() && splits_an_axis()) plan_.covered = false;
    plan_.operands.push_back(made_);
    plan_.boundaries.insert(plan_.boundaries.end(), planned_.begin(), planned_.end());
  }

 private:
  [[nodiscard]] Mask mask_of(bool Fanout::*shares) const {
    Mask mask = 0;
    for (LevelIndex l = 0; l < levels_.size(); ++l)
      if (!(levels_[l].fanout.*shares)) mask |= bit(l);
    return mask;
  }

  std::size_t count(const Boundary& place, Mask summed, bool forwarding = false) {
    const WordCount wanted{place.child, summed & below(place.child) & plan_.meshes, forwarding,
                           !place.unheld};
    const auto found = std::find(made_.counts.begin(), made_.counts.end(), wanted);
    if (found != made_.counts.end()) return static_cast<std::size_t>(found - made_.counts.begin());
    made_.counts.push_back(wanted);
    return made_.counts.size() - 1;
  }

  void plan_boundaries() {
    const LevelIndex units = levels_.size();
    for (LevelIndex parent = 0; parent < units;) {
      const LevelIndex child = next_keeping(accelerator_, operand_.role, parent);
      const bool unheld =
          accelerator_.fields().counting.move_every_turn ||
          (child == units && !accelerator_.engine().operand_registers.contains(operand_.role));
      plan_boundary({parent, child, unheld});
      parent = child;
    }
  }

  void plan_boundary(const Boundary& place) {
    const Widths widths(layer_, operand_.role);
    const bool to_units = place.child == levels_.size();
    BoundaryPlan made(widths, widths.at(levels_[place.parent]),
                      to_units ? widths : widths.at(levels_[place.child]));
    made.operand = number_;
    made.place = place;
    made.to_units = to_units;
    put_energies(made);
    if (operand_.role == Role::outputs)
      plan_drains(made);
    else
      plan_fetches(made);
    plan_links(made);
    planned_.push_back(made);
  }

  void put_energies(BoundaryPlan& made) const {
    made.parent_read_pj = levels_[made.place.parent].read_energy_pj_per_bit;
    made.parent_write_pj = levels_[made.place.parent].write_energy_pj_per_bit;
    if (made.to_units) return;
    made.child_read_pj = levels_[made.place.child].read_energy_pj_per_bit;
    made.child_write_pj = levels_[made.place.child].write_energy_pj_per_bit;
    if (accelerator_.fields().counting.count_drain_reads) made.drain_pj = made.child_read_pj;
  }

  void plan_fetches(BoundaryPlan& made) {
    const Boundary& place = made.place;
    made.boxes = accelerator_.fields().counting.box_tiles && !place.unheld;
    if (made.boxes) {
      made.number = made_.boxes.size();
      return made_.boxes.push_back(place);
    }
    const Mask alone = below(place.parent) | mask_of(&Fanout::multicast);
    made.group = count(place, alone);
    made.each = made.to_units ? made.group : count(place, ~Mask{0});
    for (LevelIndex l = place.parent; l < place.child; ++l)
      made.forwards = made.forwards || levels_[l].fanout.forwarding;
    made.forwards = made.forwards && !place.unheld;
    if (made.forwards) made.forwarded = count(place, alone, true);
  }

  void plan_drains(BoundaryPlan& made) {
    const Boundary& place = made.place;
    made.outside = below(place.parent);
    made.inside = below(place.child) & ~made.outside;
    made.apart = made.inside & mask_of(&Fanout::spatial_reduction);
    made.events = count(place, made.outside);
    made.group = count(place, made.outside | made.apart);
    made.each = count(place, ~Mask{0});
  }

  void plan_links(BoundaryPlan& made) {
    const bool leaves = operand_.role == Role::outputs;
    const Mask kept_apart = mask_of(leaves ? &Fanout::spatial_reduction : &Fanout::multicast);
    for (LevelIndex f = made.place.parent; f < made.place.child; ++f) {
      const double hop_pj = levels_[f].fanout.hop_energy_pj_per_bit;
      if (hop_pj == 0.0) continue;
      const Mask alone = below(f + 1) | kept_apart;
      made.links.push_back({count(made.place, alone), hop_pj, alone & below(made.place.child)});
    }
  }

  void plan_axes() {
    const OperandChains chains =
        operand_chains(layer_.op.bounds(), operand_, accelerator_.fields().counting);
    for (std::size_t c = 0; c < chains.chains.size(); ++c) {
      AxisPlan axis;
      axis.operand = number_;
      axis.chain = chains.chains[c];
      for (const Dim dim : kDims) {
        if (layer_.op.bound(dim) == 1 || chains.home[index(dim)].chain != c) continue;
        axis.dims[axis.dim_count] = dim;
        axis.terms[axis.dim_count++] = chains.home[index(dim)].term;
      }
      put_axis(std::move(axis));
    }
    for (std::size_t c = 0; c < made_.counts.size(); ++c)
      for (const std::size_t a : made_.axes) made_.counts_at.push_back(plan_.axes[a].at(c));
    for (const std::size_t a : made_.axes)
      made_.steps_at.push_back(plan_.axes[a].slides ? plan_.axes[a].steps_at() : 0);
  }

  void put_axis(AxisPlan axis) {
    const Dim dim = axis.dims[0];
    if (!axis.chain.relevant) {
      made_.irrelevant.push_back(dim);
    } else if (axis.dim_count == 0) {
      const std::int64_t words = count_cut(axis.chain, {0, false}, Side::enter).whole;
      made_.constant *= words;
      made_.base *= words;
    } else if (axis.dim_count == 1) {
      made_.plain |= bit(index(dim));
      const bool is_dense = !axis.chain.bounding_box ||
                            axis.chain.coefficient[static_cast<std::size_t>(axis.terms[0])] == 1;
      if (!is_unpadded(axis.chain) || !is_dense) return put_table(std::move(axis));
      made_.constant *= layer_.op.bound(dim);
      made_.simple.push_back(dim);
    } else {
      axis.slides = true;
      put_table(std::move(axis));
    }
  }

  void put_table(AxisPlan axis) {
    axis.ordered = axis.slides && std::any_of(made_.counts.begin(), made_.counts.end(),
                                              [](const WordCount& count) { return count.moves; });
    for (std::size_t i = 0; i < axis.dim_count; ++i) {
      axis.most_loops += most_loops(layer_.op.bound(axis.dims[i]), levels_.size());
      if (!axis.slides) continue;
      made_.sliding |= bit(index(axis.dims[i]));
      made_.axis_of[index(axis.dims[i])] = static_cast<std::uint8_t>(made_.axes.size());
    }
    axis.boxes_at = levels_.size();
    axis.counts_at = axis.boxes_at + made_.boxes.size();
    axis.stride = axis.slides ? axis.steps_at() + axis.most_loops : AxisPlan::kStill;
    axis.size = axis.at(made_.counts.size());
    made_.axes.push_back(plan_.axes.size());
    plan_.axes.push_back(std::move(axis));
  }

  /// Do two chains stand for one axis? Boxes are counted by axis.
  [[nodiscard]] bool splits_an_axis() const {
    return std::any_of(operand_.ranks.begin(), operand_.ranks.end(), [&](const Rank& rank) {
      const auto turns =
          std::count_if(rank.terms.begin(), rank.terms.end(),
                        [&](const AffineTerm& term) { return layer_.op.bound(term.dim) > 1; });
      return turns == 2 && (made_.plain & bit(index(rank.terms[0].dim))) != 0;
    });
  }

  CountPlan& plan_;
  const Layer& layer_;
  const Accelerator& accelerator_;
  const std::vector<MemoryLevel>& levels_;
  const Operand& operand_;
  std::size_t number_;
  OperandPlan made_;
  std::vector<BoundaryPlan> planned_;
};

/// Are words of boxes counted on links?
bool links_carry_boxes(const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  return accelerator.fields().counting.box_tiles &&
         std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
           return level.fanout.hop_energy_pj_per_bit != 0.0;
         });
}

bool is_covered(const Layer& layer, const Accelerator& accelerator) {
  constexpr std::int64_t kMostSize = std::numeric_limits<std::int32_t>::max();
  const auto& bounds = layer.op.bounds();
  return !accelerator.fields().counting.whole_transfers && !links_carry_boxes(accelerator) &&
         compute_rate(layer, accelerator.engine()).has_value() &&
         is_countable(layer, accelerator) &&
         std::all_of(bounds.begin(), bounds.end(),
                     [](std::int64_t bound) { return bound <= kMostSize; });
}

}  // namespace

CountPlan::CountPlan(const Layer& layer, const Accelerator& accelerator, const MapSpace& space)
    : covered(is_covered(layer, accelerator) &&
              space.level_count() == accelerator.levels().size()) {
  if (!covered) return;
  first_tiles = times_first_tiles(accelerator);
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l)
    if (accelerator.levels()[l].fanout.instances() > 1) meshes |= bit(l);
  for (const Dim dim : kDims) {
    if (accumulates(layer.op, dim)) accumulating |= bit(index(dim));
    if (layer.op.output().indexed_by(dim)) output_dims |= bit(index(dim));
  }
  for (std::size_t o = 0; o < layer.op.operands().size(); ++o)
    OperandPlanner(*this, layer, accelerator, o).run();
  constexpr std::size_t kMostBoundaries = 64;
  if (boundaries.size() > kMostBoundaries) covered = false;
}

}  // namespace hwflow::chip
