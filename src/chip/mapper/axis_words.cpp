// Words that move along one axis of an operand: what TermModel's terms are made of.
#include <algorithm>
#include <array>
#include <limits>

#include "chip/cost/boundary.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// The loops that move along one axis of an operand, above the child, outermost first.
struct TermModel::Loops {
  std::vector<ChainLoop> all;
  std::array<std::int64_t, 2> tile{1, 1};  ///< of the child, per term of the rank
  std::size_t run = 0;                     ///< innermost temporal loops that keep words
  bool is_ragged = false;                  ///< some loop leaves a smaller last tile
};

/// Dimensions of a compound outermost first: those of the run innermost, in its order.
static std::span<const Dim> temporal_order(std::span<const LoopPlace> run, LevelIndex level,
                                           const Compound& compound, std::array<Dim, 2>& order) {
  std::size_t count = 0;
  const auto put = [&](Dim dim) {
    const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
    if (std::find(compound.begin(), compound.end(), dim) != compound.end() &&
        std::find(order.begin(), end, dim) == end)
      order[count++] = dim;
  };
  for (const LoopPlace& place : run)
    if (place.level == level) put(place.dim);
  for (const Dim dim : compound) put(dim);
  std::reverse(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count));
  return {order.data(), count};
}

TermModel::AxisPlaces TermModel::axis_places(const Factor& factor, const LoopClass& loop_class,
                                             std::size_t axis, const Compound& compound) const {
  const Operand& operand = layer_.op.operands()[factor.operand];
  const Rank& rank = operand.ranks[axis];
  const std::span<const LoopPlace> run = run_of(factor, loop_class);
  const auto own_run = std::find_if(run.begin(), run.end(), [&](const LoopPlace& place) {
    return std::find(compound.begin(), compound.end(), place.dim) == compound.end();
  });
  AxisPlaces result;
  result.axis = axis;
  const auto put = [&](Dim dim, LevelIndex l, SlotKind kind) {
    const auto term = std::find_if(rank.terms.begin(), rank.terms.end(),
                                   [&](const AffineTerm& t) { return t.dim == dim; });
    if (term == rank.terms.end()) return;
    const bool spatial = kind != SlotKind::temporal;
    const auto d = std::find(compound.begin(), compound.end(), dim) - compound.begin();
    result.places.push_back(
        {static_cast<std::size_t>(d), slot_of(l, kind), static_cast<int>(term - rank.terms.begin()),
         spatial, spatial && has_bit(factor.summed, l),
         !spatial && std::find(run.begin(), own_run, LoopPlace{dim, l}) != own_run});
  };
  for (LevelIndex l = 0; l < factor.child; ++l) {
    std::array<Dim, 2> order;
    for (const Dim dim : temporal_order(run, l, compound, order)) put(dim, l, SlotKind::temporal);
    // The tiles of all instances together are as large as if they were not spread.
    if (factor.kind == Factor::Kind::tile && l >= factor.parent) continue;
    for (const SlotKind kind : {SlotKind::y, SlotKind::x})
      for (std::size_t i = compound.size(); i-- > 0;) put(compound[i], l, kind);
  }
  const CountingRules& rules = accelerator_.fields().counting;
  const bool is_input = operand.role != Role::outputs;
  const bool moves = factor.boundary >= 0 && factor.kind == Factor::Kind::moved;
  result.is_box = rules.box_tiles && is_input && (moves || factor.kind == Factor::Kind::tile);
  result.may_forward = is_input && factor.boundary >= 0 && forwards(factor);
  if (result.is_box && moves)
    result.may_forward =
        result.may_forward &&
        !loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].still_inside;
  result.chain = rank_chain(rank, layer_.op.bounds());
  if (!is_input) return result;
  Chain& chain = result.chain;
  chain.bounding_box = rules.fetch_stride_gaps;
  chain.whole_tiles = !rules.halo_reuse;
  chain.forwarding = result.may_forward;
  chain.boxes = result.is_box;
  if (rules.fetch_padding || rules.box_tiles) {
    chain.low = chain.offset;
    chain.high = chain.offset + chain.coefficient[0] * (chain.bound[0] - 1) +
                 chain.coefficient[1] * (chain.bound[1] - 1) + 1;
  }
  return result;
}

/// By two times the free loops, plus one where the next one steps; negative: not counted yet. The
/// same loops turn up in many classes, and counting them where padding cuts tiles takes long.
std::vector<CutCounts>& TermModel::known_cuts(std::size_t operand, const AxisPlaces& places,
                                              const Chain& chain) const {
  thread_local std::string key;
  key.clear();
  const auto put = [](auto value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  put(static_cast<std::uint8_t>(operand));
  put(static_cast<std::uint8_t>(places.axis));
  put(chain.forwarding);
  for (const ChainLoop& loop : chain.loops) {
    put(static_cast<std::uint8_t>(loop.term + (loop.spatial ? 2 : 0) + (loop.summed ? 4 : 0)));
    put(static_cast<std::int32_t>(loop.trips));
  }
  const auto [entry, is_new] = cuts_.try_emplace(key);
  if (is_new)
    entry->second.resize(2 * static_cast<std::size_t>(chain.temporal_loops()) + 2, {-1, -1});
  return entry->second;
}

static const CutCounts& cut(std::vector<CutCounts>& known, const Chain& chain, Cut at, Side side) {
  CutCounts& counts = known[2 * static_cast<std::size_t>(at.free) + (at.steps ? 1 : 0)];
  if (counts.whole < 0) counts = count_cut(chain, at, side);
  return counts;
}

TermModel::RankWords TermModel::rank_words(const Factor& factor, const AxisPlaces& places,
                                           const FactorChoice& choice, std::size_t pair) const {
  const Operand& operand = layer_.op.operands()[factor.operand];
  const Rank& rank = operand.ranks[places.axis];
  const bool is_output = operand.role == Role::outputs;
  thread_local Loops loops;  // no allocation for every one of a million pairs
  loops.all.clear();
  loops.run = 0;
  loops.is_ragged = false;
  loops.tile = places.chain.bound;
  for (const AxisPlaces::Place& place : places.places) {
    const std::int32_t bound = choice.loops[place.dim][place.slot];
    if (bound == 1) continue;
    std::int64_t& size = loops.tile[static_cast<std::size_t>(place.term)];
    loops.is_ragged = loops.is_ragged || size % bound != 0;
    size = (size + bound - 1) / bound;
    loops.all.push_back({place.term, place.spatial, place.summed, size, bound});
    if (place.in_run) ++loops.run;
  }
  const bool boxes_move = places.is_box && factor.kind == Factor::Kind::moved;
  if (boxes_move && !loops.is_ragged) return box_words(loops, rank, places.may_forward);
  if (boxes_move) return {ragged_words(loops, places, pair), 0.0};
  if (places.is_box) {
    std::int64_t length = 1;
    for (std::size_t t = 0; t < rank.terms.size(); ++t)
      length += rank.terms[t].coefficient * (loops.tile[t] - 1);
    return {static_cast<double>(length), 0.0};
  }
  Chain chain = places.chain;
  chain.loops = loops.all;
  if (factor.kind == Factor::Kind::tile) return {static_cast<double>(largest_tile(chain)), 0.0};
  if (factor.kind == Factor::Kind::distinct)
    return {static_cast<double>(count_distinct(chain)), 0.0};
  const int temporal = chain.temporal_loops();
  const Side side = is_output ? Side::leave : Side::enter;
  const auto moved = [&](std::vector<CutCounts>& known) {
    std::int64_t words = cut(known, chain, {temporal, false}, side).whole;
    for (int i = 1; i <= static_cast<int>(loops.run); ++i)
      words -= cut(known, chain, {temporal - i, true}, side).kept;
    return words;
  };
  std::vector<CutCounts>& known = known_cuts(factor.operand, places, chain);
  const std::int64_t words = moved(known);
  if (factor.boundary < 0 || loops.run == 0) return {static_cast<double>(words), 0.0};
  // Orders that the class does not tell apart may keep these as well.
  const int outer = temporal - static_cast<int>(loops.run);
  std::int64_t spare = cut(known, chain, {outer, false}, side).kept;
  for (int i = 0; i < outer; ++i) spare += cut(known, chain, {i, true}, side).kept;
  const auto least = static_cast<double>(std::max<std::int64_t>(0, words - spare));
  if (chain.forwarding) {
    // Passed on from unit to unit, at a cost that no term has.
    chain.forwarding = false;
    spare += moved(known_cuts(factor.operand, places, chain)) - words;
  }
  return {least, static_cast<double>(spare)};
}

/// As RaggedBoxes: of all loops that move the box none but the innermost slides. In which order the
/// others stand is all the same.
double TermModel::ragged_words(const Loops& loops, const AxisPlaces& places,
                               std::size_t pair) const {
  const auto innermost = std::find_if(loops.all.rbegin(), loops.all.rend(),
                                      [](const ChainLoop& loop) { return !loop.spatial; });
  const bool slides = loops.run > 0;
  const std::size_t which = slides ? 1 + static_cast<std::size_t>(innermost->term) : 0;
  if (places.ragged != nullptr && (*places.ragged)[which][pair] > 0)
    return (*places.ragged)[which][pair];
  Chain chain = places.chain;
  chain.forwarding = false;
  chain.loops = loops.all;
  const int temporal = chain.temporal_loops();
  std::int64_t words = count_cut(chain, {temporal, false}, Side::enter).whole;
  if (slides) words -= count_cut(chain, {temporal - 1, true}, Side::enter).kept;
  if (places.ragged != nullptr && words <= std::numeric_limits<std::uint32_t>::max())
    (*places.ragged)[which][pair] = static_cast<std::uint32_t>(words);
  return static_cast<double>(words);
}

TermModel::RankWords TermModel::box_words(const Loops& loops, const Rank& rank,
                                          bool forwarding) const {
  std::int64_t length = 1;
  for (std::size_t t = 0; t < rank.terms.size(); ++t)
    length += rank.terms[t].coefficient * (loops.tile[t] - 1);
  struct Step {
    std::int64_t shift, trips;
  };
  std::array<Step, 2 * kMaxMapperLevels> steps;  // outermost first
  std::size_t count = 0;
  std::array<Step, 4 * kMaxMapperLevels> spread;
  std::size_t spreads = 0;
  double copies = 1.0;
  for (const ChainLoop& loop : loops.all) {
    const Step step{rank.terms[static_cast<std::size_t>(loop.term)].coefficient * loop.tile,
                    loop.trips};
    if (!loop.spatial) {
      steps[count++] = step;
    } else if (loop.summed) {
      copies *= static_cast<double>(loop.trips);
    } else {
      spread[spreads++] = step;
    }
  }
  thread_local std::vector<std::int64_t> offsets;
  offsets.clear();
  double all = 1.0;
  if (spreads == 1) {
    all = static_cast<double>(spread[0].trips);
  } else if (spreads > 1) {
    offsets = {0};
    for (std::size_t s = 0; s < spreads; ++s) {
      const std::size_t had = offsets.size();
      for (std::int64_t i = 1; i < spread[s].trips; ++i)
        for (std::size_t o = 0; o < had; ++o) offsets.push_back(offsets[o] + i * spread[s].shift);
    }
    std::sort(offsets.begin(), offsets.end());
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    all = static_cast<double>(offsets.size());
  }
  const auto served = [&](std::int64_t shift) {
    if (spreads == 1) {
      const bool reaches =
          shift % spread[0].shift == 0 && std::abs(shift / spread[0].shift) < spread[0].trips;
      return reaches ? static_cast<double>(std::abs(shift / spread[0].shift)) : all;
    }
    std::size_t alone = 0;
    for (const std::int64_t offset : offsets)
      alone += std::binary_search(offsets.begin(), offsets.end(), offset + shift) ? 0 : 1;
    return static_cast<double>(alone);
  };
  // What enters with each loop of the run: nothing, what a slide brings, or the whole length.
  const std::size_t first = count - loops.run;
  std::array<std::int64_t, 2 * kMaxMapperLevels> shift{}, entering{};
  std::int64_t inside = 0;
  for (std::size_t j = loops.run; j-- > 0;) {
    const std::int64_t step = steps[first + j].shift, slide = steps[count - 1].shift;
    shift[j] = step - inside;
    inside += step;
    entering[j] = shift[j] == 0 ? 0 : shift[j] == slide ? std::min(slide, length) : length;
  }
  double outside = 1.0;
  for (std::size_t i = 0; i < first; ++i) outside *= static_cast<double>(steps[i].trips);
  double words = static_cast<double>(length) * all, passed_on = 0.0;
  // Visits of loop j after one that brought in `before`: equal boxes may come from a neighbour.
  const auto add = [&](std::size_t j, std::int64_t before, double visits) {
    const bool may_forward = forwarding && spreads > 0 && before == entering[j];
    const double moved = visits * static_cast<double>(entering[j]);
    const double units = may_forward ? served(shift[j]) : all;
    words += moved * units;
    passed_on += moved * (all - units);  // where neighbours on the mesh hold neighbouring tiles
  };
  double visits = 1.0;
  for (std::size_t j = 0; j + 1 < loops.run; ++j) {
    const auto turns = static_cast<double>(steps[first + j].trips - 1);
    add(j, entering[loops.run - 1], visits * turns);
    add(loops.run - 1, entering[j],
        visits * turns * static_cast<double>(steps[count - 1].trips - 1));
    visits *= static_cast<double>(steps[first + j].trips);
  }
  if (loops.run > 0) add(loops.run - 1, length, static_cast<double>(steps[count - 1].trips - 1));
  return {words * outside * copies, passed_on};
}

}  // namespace hwflow::chip
