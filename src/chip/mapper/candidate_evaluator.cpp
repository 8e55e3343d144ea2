#include "chip/mapper/candidate_evaluator.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "chip/mapper/axis_records.hpp"
#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/fast_counts.hpp"
#include "chip/mapper/fast_timing.hpp"
#include "chip/mapper/loop_records.hpp"
#include "chip/mapper/room_check.hpp"

namespace hwflow::chip {
namespace {

/// An axis as the mapping at hand loops over it.
struct AxisAtHand {
  AxisRecords records;
  std::uint64_t key = 0;
  bool known = false;
};

bool equal(const LoopOrder& a, const LoopOrder& b) {
  return std::memcmp(a.data(), b.data(), sizeof a) == 0;
}

}  // namespace

class CandidateEvaluator::Counter {
 public:
  Counter(const Layer& layer, const Accelerator& accelerator, const MapSpace& space,
          std::size_t most_records)
      : layer_(layer),
        accelerator_(accelerator),
        space_(space),
        level_count_(accelerator.levels().size()),
        plan_(layer_, accelerator_, space_),
        counts_(layer_, accelerator_, plan_),
        timing_(accelerator_, plan_),
        room_(layer_, accelerator_, plan_) {
    plan_.covered = plan_.covered && counts_.covered();
    if (!plan_.covered) return;
    for (const Dim dim : kDims)
      records_.emplace_back(layer_.op.bound(dim), level_count_, most_records);
    for (const AxisPlan& axis : plan_.axes)
      axes_.push_back({AxisRecords(axis, plan_.operands[axis.operand], level_count_,
                                   plan_.first_tiles, most_records)});
    for (const OperandPlan& operand : plan_.operands)
      tables_.emplace_back(operand.axes.size(), nullptr);
    costs_.resize(plan_.boundaries.size());
    ports_.resize(plan_.boundaries.size());
    prepare_totals();
    prepare_changes();
  }

  [[nodiscard]] bool is_fast() const { return plan_.covered; }

  std::variant<Totals, Infeasible> evaluate(const Candidate& candidate) {
    if (!plan_.covered) return evaluate_slowly(candidate);
    take_loops(candidate);
    if (!take_orders(candidate) || !even_) return evaluate_slowly(candidate);
    if (beyond_mesh_) return Infeasible{Infeasible::Reason::mesh, *beyond_mesh_};
    find_axes();
    if (const auto level = room_.too_small(state_, counts_, tables_))
      return Infeasible{Infeasible::Reason::capacity, *level};
    for (std::uint64_t rest = stale_; rest != 0; rest &= rest - 1)
      count(static_cast<std::size_t>(std::countr_zero(rest)));
    stale_ = 0;
    return totals();
  }

 private:
  struct BoundaryCost {
    double energy_pj = 0.0;
    std::int64_t dram_bits = 0;
  };

  [[nodiscard]] std::variant<Totals, Infeasible> evaluate_slowly(const Candidate& candidate) const {
    const Evaluation found = chip::evaluate(layer_, accelerator_, space_.to_mapping(candidate));
    if (const auto* infeasible = std::get_if<Infeasible>(&found)) return *infeasible;
    const Cost& cost = std::get<Cost>(found);
    return Totals{cost.energy_pj, cost.cycles, cost.dram_bits};
  }

  void prepare_totals() {
    const auto work = compute_rate(layer_, accelerator_.engine());
    rate_ = work->rate;
    constant_pj_ = static_cast<double>(layer_.op.macs()) * work->mac_energy_pj;
    leakage_pj_ = accelerator_.engine().leakage_pj_per_cycle *
                  static_cast<double>(accelerator_.compute_units());
    for (LevelIndex l = 0; l < level_count_; ++l)
      leakage_pj_ += accelerator_.levels()[l].leakage_pj_per_cycle *
                     static_cast<double>(accelerator_.instances(l));
  }

  void prepare_changes() {
    by_factors_.assign(level_count_, 0);
    by_order_.assign(level_count_, 0);
    for (std::size_t b = 0; b < plan_.boundaries.size(); ++b) {
      const BoundaryPlan& boundary = plan_.boundaries[b];
      stale_ |= std::uint64_t{1} << b;
      if (boundary.boxes) boxes_ |= std::uint64_t{1} << b;
      for (LevelIndex l = 0; l < boundary.place.child; ++l) {
        by_factors_[l] |= std::uint64_t{1} << b;
        if (!boundary.place.unheld) by_order_[l] |= std::uint64_t{1} << b;
      }
    }
  }

  void forget() {
    full_ = false;
    for (LoopRecords& records : records_) records.clear();
    for (AxisAtHand& axis : axes_) {
      axis.records.clear();
      axis.known = false;
    }
    counts_.clear();
    state_ = {};
    turning_ = {};
    known_ = false;
  }

  /// The loops of every dimension; what changed makes boundaries stale.
  void take_loops(const Candidate& candidate) {
    if (full_) forget();
    std::array<std::uint64_t, kDimCount> hashes;
    Mask differ = 0;
    for (std::size_t d = 0; d < kDimCount; ++d) {
      const LoopRecord* before = state_.loops[d];
      if (before != nullptr && LoopRecords::identical(before->loops, candidate.chains[d])) continue;
      hashes[d] = records_[d].hash(candidate.chains[d]);
      records_[d].announce(hashes[d]);
      differ |= bit(d);
    }
    for (Mask rest = differ; rest != 0; rest &= rest - 1) {
      const auto d = static_cast<std::size_t>(std::countr_zero(rest));
      records_[d].announce_record(hashes[d]);
    }
    LevelIndex outermost = level_count_;
    turned_ = known_ ? 0 : below(level_count_);
    for (Mask rest = differ; rest != 0; rest &= rest - 1) {
      const auto d = static_cast<std::size_t>(std::countr_zero(rest));
      const LoopRecord* before = state_.loops[d];
      const LoopRecord& after = records_[d].find(candidate.chains[d], hashes[d]);
      outermost = std::min(outermost, first_change(before, after));
      state_.loops[d] = &after;
      turned_ |= turning_[d] ^ after.turning;
      turning_[d] = after.turning;
      full_ = full_ || records_[d].full();
    }
    if (state_.adjacent != candidate.adjacent) {
      state_.adjacent = candidate.adjacent;
      stale_ |= boxes_;
    }
    if (outermost == level_count_) return;
    even_ = std::all_of(state_.loops.begin(), state_.loops.end(),
                        [](const LoopRecord* loops) { return loops->even; });
    stale_ |= by_factors_[outermost];
    room_.factors_changed(outermost);
    put_meshes();
  }

  /// The outermost level where two ways to loop over a dimension differ.
  [[nodiscard]] LevelIndex first_change(const LoopRecord* before, const LoopRecord& after) const {
    if (before == nullptr || !before->even || !after.even) return 0;
    std::size_t slot = 0;
    while (slot + 1 < 3 * level_count_ && before->loops[slot] == after.loops[slot]) ++slot;
    return level_of(slot);
  }

  void put_meshes() {
    state_.fanned = state_.adding = 0;
    for (std::size_t d = 0; d < kDimCount; ++d) {
      state_.fanned |= state_.loops[d]->fanned;
      if ((plan_.accumulating & bit(d)) != 0) state_.adding |= state_.loops[d]->fanned;
    }
    beyond_mesh_.reset();
    for (Mask rest = state_.fanned; rest != 0; rest &= rest - 1)
      put_mesh(static_cast<LevelIndex>(std::countr_zero(rest)));
  }

  void put_mesh(LevelIndex level) {
    std::int64_t x = 1, y = 1;
    Mask columns = 0, rows = 0;
    for (std::size_t d = 0; d < kDimCount; ++d) {
      const std::int32_t* bounds = state_.loops[d]->loops.data();
      const std::int32_t of_x = bounds[slot_of(level, SlotKind::x)];
      const std::int32_t of_y = bounds[slot_of(level, SlotKind::y)];
      x *= of_x;
      y *= of_y;
      columns |= static_cast<Mask>(of_x > 1) << d;
      rows |= static_cast<Mask>(of_y > 1) << d;
    }
    state_.columns[level] = columns;
    state_.mesh_rows[level] = rows;
    state_.spatial[level] = x * y;
    const Fanout& fanout = accelerator_.levels()[level].fanout;
    if (!beyond_mesh_ && (x > fanout.x || y > fanout.y)) beyond_mesh_ = level;
  }

  /// False when an order is not one.
  bool take_orders(const Candidate& candidate) {
    for (LevelIndex l = 0; l < level_count_; ++l) {
      const LoopOrder& order = candidate.orders[l];
      const bool same = known_ && equal(order, orders_[l]);
      if (same && (turned_ & bit(l)) == 0) continue;
      if (!same && !is_order(order)) {
        known_ = false;
        stale_ = ~std::uint64_t{0} >> (64 - plan_.boundaries.size());
        for (LevelIndex all = 0; all < level_count_; ++all) room_.factors_changed(all);
        return false;
      }
      orders_[l] = order;
      put_row(l);
    }
    known_ = true;
    return true;
  }

  static bool is_order(const LoopOrder& order) {
    Mask seen = 0;
    for (const Dim dim : order) seen |= bit(index(dim));
    return seen == below(kDimCount);
  }

  void put_row(LevelIndex l) {
    LoopRow row;
    Mask turning = 0;
    for (const Dim dim : orders_[l]) {
      const std::uint32_t turns = (turning_[index(dim)] >> l) & 1U;
      row.dims |= (static_cast<std::uint64_t>(dim) & -std::uint64_t{turns}) << (8 * row.count);
      row.count += turns;
      turning |= turns << index(dim);
    }
    state_.turning[l] = turning;
    if (row == state_.rows[l]) return;
    state_.rows[l] = row;
    stale_ |= by_order_[l];
    room_.order_changed(l);
  }

  void find_axes() {
    std::size_t a = 0;
    for (auto& tables : tables_) {
      for (const std::int64_t*& values : tables) {
        find_axis(a, values);
        ++a;
      }
    }
  }

  void find_axis(std::size_t a, const std::int64_t*& values) {
    const AxisPlan& plan = plan_.axes[a];
    AxisAtHand& axis = axes_[a];
    AxisLoops loops;
    for (std::size_t i = 0; i < plan.dim_count; ++i)
      loops.loops[i] = state_.loops[index(plan.dims[i])];
    if (plan.ordered) loops.second_inside = second_inside(plan, loops);
    const std::uint64_t key = loops.key();
    if (axis.known && axis.key == key) return;
    values = axis.records.find(loops);
    for (std::size_t i = 0; i < plan.size; i += 8) __builtin_prefetch(values + i);
    full_ = full_ || axis.records.full();
    axis.key = key;
    axis.known = true;
  }

  /// Levels where both dimensions of an axis turn and the second does so inside the first.
  [[nodiscard]] Mask second_inside(const AxisPlan& plan, const AxisLoops& loops) const {
    Mask inside = 0;
    for (Mask rest = loops.loops[0]->turning & loops.loops[1]->turning; rest != 0;
         rest &= rest - 1) {
      const auto level = static_cast<LevelIndex>(std::countr_zero(rest));
      for (std::uint64_t dims = state_.rows[level].dims;; dims >>= 8) {
        const auto dim = static_cast<Dim>(dims & 0xFF);
        if (dim == plan.dims[0]) break;
        if (dim == plan.dims[1]) inside |= bit(level);
      }
    }
    return inside;
  }

  void count(std::size_t b) {
    const BoundaryPlan& boundary = plan_.boundaries[b];
    const BoundaryTraffic moved = counts_.traffic(b, state_, tables_);
    const Widths& above = boundary.above;
    const Widths& below = boundary.below;
    const std::int64_t read_bits = moved.reads * above.unfinished;
    const std::int64_t update_bits = above.bits(moved.updates, moved.final_updates);
    double energy_pj = static_cast<double>(read_bits) * boundary.parent_read_pj +
                       static_cast<double>(update_bits) * boundary.parent_write_pj;
    if (!boundary.to_units) {
      energy_pj +=
          static_cast<double>(moved.forwarded * below.unfinished) * boundary.child_read_pj +
          static_cast<double>(moved.fills * below.unfinished) * boundary.child_write_pj +
          static_cast<double>(below.bits(moved.drains, moved.final_drains)) * boundary.drain_pj;
    }
    for (const LinkPlan& link : boundary.links)
      energy_pj += link_bits(boundary, link, moved) * link.hop_pj_per_bit;
    costs_[b] = {energy_pj, boundary.place.parent == 0 ? read_bits + update_bits : 0};
    if (timing_.is_limited())
      ports_[b] = ports_of(moved, boundary.above, boundary.to_units ? nullptr : &boundary.below);
  }

  [[nodiscard]] double link_bits(const BoundaryPlan& boundary, const LinkPlan& link,
                                 const BoundaryTraffic& moved) const {
    const LinkWords words = counts_.link_words(link, state_);
    std::int64_t bits = boundary.links_widths.bits(words.words, words.final_words);
    if (plan_.operands[boundary.operand].role == Role::outputs)
      bits += moved.fills * boundary.links_widths.unfinished;
    return static_cast<double>(bits);
  }

  [[nodiscard]] Totals totals() const {
    std::int64_t steps = 1;
    for (const LoopRecord* loops : state_.loops) steps *= loops->levels[level_count_].above;
    Totals sum;
    sum.cycles = steps;
    if (rate_.cycles != 1 || rate_.macs != 1)
      sum.cycles = (steps * rate_.cycles + rate_.macs - 1) / rate_.macs;
    if (timing_.is_limited()) sum.cycles = timing_.cycles(sum.cycles, ports_, used());
    sum.energy_pj = constant_pj_ + leakage_pj_ * static_cast<double>(sum.cycles);
    for (const BoundaryCost& cost : costs_) {
      sum.energy_pj += cost.energy_pj;
      sum.dram_bits += cost.dram_bits;
    }
    return sum;
  }

  [[nodiscard]] FastTiming::Used used() const {
    FastTiming::Used used;
    used[0] = 1;
    for (LevelIndex l = 0; l < level_count_; ++l)
      used[l + 1] = used[l] * ((state_.fanned & bit(l)) != 0 ? state_.spatial[l] : 1);
    return used;
  }

  Layer layer_;
  Accelerator accelerator_;
  MapSpace space_;
  std::size_t level_count_;
  CountPlan plan_;
  FastCounts counts_;
  FastTiming timing_;
  RoomCheck room_;
  ComputeEngine::Rate rate_;
  double constant_pj_ = 0.0, leakage_pj_ = 0.0;  ///< whatever the mapping; a cycle
  std::vector<std::uint64_t> by_factors_, by_order_;
  std::uint64_t boxes_ = 0;

  std::vector<LoopRecords> records_;  ///< by dimension
  std::vector<AxisAtHand> axes_;

  // The mapping at hand.
  LoopState state_;
  std::array<LoopOrder, kMaxMapperLevels> orders_{};
  FastCounts::Tables tables_;
  std::array<Mask, kDimCount> turning_{};  ///< levels, by dimension
  std::optional<LevelIndex> beyond_mesh_;  ///< first level with more iterations than instances
  bool known_ = false, even_ = false, full_ = false;
  Mask turned_ = 0;          ///< levels where other dimensions turn than for the mapping before
  std::uint64_t stale_ = 0;  ///< boundaries to count again
  std::vector<BoundaryCost> costs_;
  std::vector<BoundaryPorts> ports_;
};

CandidateEvaluator::CandidateEvaluator(const Layer& layer, const Accelerator& accelerator,
                                       const MapSpace& space, std::size_t most_records)
    : counter_(std::make_unique<Counter>(layer, accelerator, space,
                                         std::min(most_records, kMostRecords))) {}
CandidateEvaluator::~CandidateEvaluator() = default;
CandidateEvaluator::CandidateEvaluator(CandidateEvaluator&&) noexcept = default;
CandidateEvaluator& CandidateEvaluator::operator=(CandidateEvaluator&&) noexcept = default;

std::variant<Totals, Infeasible> CandidateEvaluator::evaluate(const Candidate& candidate) {
  return counter_->evaluate(candidate);
}

bool CandidateEvaluator::is_fast() const { return counter_->is_fast(); }

}  // namespace hwflow::chip
