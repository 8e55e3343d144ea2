#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>

#include "chip/cost/boundary.hpp"
#include "chip/cost/compulsory.hpp"
#include "chip/cost/cost.hpp"

namespace hwflow::chip {
namespace {

using DimMask = std::uint32_t;
constexpr DimMask bit(Dim dim) { return DimMask{1} << index(dim); }

/// Which loops make each operand come again: one mask per operand.
using ReloadMasks = std::vector<DimMask>;

/// What the loops of an operand do to its tile.
struct OperandLoops {
  DimMask relevant = 0;
  /// Relevant loops whose steps always replace the whole tile: alone on their axis, or beside a
  /// dimension with which they never share a word.
  DimMask replacing = 0;
};

OperandLoops loops_of(const Operator& op, const Operand& operand) {
  OperandLoops loops;
  for (const Rank& rank : operand.ranks) {
    const bool shares = collides(rank, op.bounds());
    for (const AffineTerm& term : rank.terms) {
      loops.relevant |= bit(term.dim);
      if (!shares) loops.replacing |= bit(term.dim);
    }
  }
  return loops;
}

bool no_more_than(const ReloadMasks& a, const ReloadMasks& b) {
  for (std::size_t o = 0; o < a.size(); ++o)
    if ((a[o] & ~b[o]) != 0) return false;
  return true;
}

/// For a set of turning loops, the reload masks of all their orders, dominated ones dropped.
class LoopOrders {
 public:
  explicit LoopOrders(std::vector<OperandLoops> operands) : operands_(std::move(operands)) {}

  const std::vector<ReloadMasks>& of(DimMask turning) {
    const auto found = known_.find(turning);
    if (found != known_.end()) return found->second;
    best_.clear();
    place(turning, 0, ReloadMasks(operands_.size(), 0));
    return known_.emplace(turning, best_).first->second;
  }

 private:
  /// Puts the loops that are `left` outside those `inside`, one after the other.
  void place(DimMask left, DimMask inside, const ReloadMasks& masks) {
    if (std::any_of(best_.begin(), best_.end(),
                    [&](const ReloadMasks& other) { return no_more_than(other, masks); }))
      return;
    if (left == 0) {
      std::erase_if(best_, [&](const ReloadMasks& other) { return no_more_than(masks, other); });
      best_.push_back(masks);
      return;
    }
    for (const Dim dim : kDims) {
      if ((left & bit(dim)) == 0) continue;
      ReloadMasks next = masks;
      for (std::size_t o = 0; o < operands_.size(); ++o)
        if ((operands_[o].relevant & bit(dim)) == 0 && (operands_[o].replacing & inside) != 0)
          next[o] |= bit(dim);
      place(left & ~bit(dim), inside | bit(dim), next);
    }
  }

  std::vector<OperandLoops> operands_;
  std::map<DimMask, std::vector<ReloadMasks>> known_;
  std::vector<ReloadMasks> best_;
};

/// All tile sizes that cut a dimension into the same number of tiles.
struct TileChoice {
  std::int64_t tiles = 1;
  std::int64_t smallest = 1, largest = 1;
};

/// Fewest tiles first.
std::vector<TileChoice> tile_choices(std::int64_t bound) {
  std::vector<TileChoice> choices;
  for (std::int64_t largest = bound; largest >= 1;) {
    const std::int64_t tiles = (bound + largest - 1) / largest;
    const std::int64_t smallest = (bound + tiles - 1) / tiles;
    choices.push_back({tiles, smallest, largest});
    largest = smallest - 1;
  }
  return choices;
}

/// Least room that tiles need along one axis, by the choices of its two dimensions. Never grows
/// with the number of tiles, so that a tiling that does not fit rules out all coarser ones.
class AxisRoom {
 public:
  AxisRoom(const Rank& rank, const Operator& op) : axis_(rank_chain(rank, op.bounds())) {
    std::array<std::vector<TileChoice>, 2> choices{tile_choices(axis_.bound[0]),
                                                   tile_choices(axis_.bound[1])};
    columns_ = choices[1].size();
    words_.resize(choices[0].size() * columns_);
    for (std::size_t i = 0; i < choices[0].size(); ++i)
      for (std::size_t j = 0; j < columns_; ++j) {
        std::int64_t least = words_of(choices[0][i], choices[1][j]);
        if (i > 0) least = std::min(least, words_[(i - 1) * columns_ + j]);
        if (j > 0) least = std::min(least, words_[i * columns_ + j - 1]);
        words_[i * columns_ + j] = least;
      }
  }

  [[nodiscard]] std::int64_t words(std::size_t first, std::size_t second) const {
    return words_[first * columns_ + second];
  }

 private:
  [[nodiscard]] std::int64_t words_of(const TileChoice& a, const TileChoice& b) const {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    const bool grows = axis_.offset >= 0 && last_word() < axis_.high;  // no padding
    for (std::int64_t i = a.smallest; i <= (grows ? a.smallest : a.largest); ++i)
      for (std::int64_t j = b.smallest; j <= (grows ? b.smallest : b.largest); ++j)
        least = std::min(least, largest_tile(tiled(i, j)));
    return least;
  }
  [[nodiscard]] std::int64_t last_word() const {
    return axis_.offset + axis_.coefficient[0] * (axis_.bound[0] - 1) +
           axis_.coefficient[1] * (axis_.bound[1] - 1);
  }
  [[nodiscard]] Chain tiled(std::int64_t first, std::int64_t second) const {
    Chain chain = axis_;
    chain.loops.push_back({0, false, false, first, (axis_.bound[0] + first - 1) / first});
    chain.loops.push_back({1, false, false, second, (axis_.bound[1] + second - 1) / second});
    return chain;
  }

  Chain axis_;
  std::size_t columns_ = 1;
  std::vector<std::int64_t> words_;
};

/// Smallest traffic over all tilings of the outermost buffer and all orders of the loops above it.
class TilingSearch {
 public:
  TilingSearch(const Layer& layer, const Accelerator& accelerator, const Compulsory& least)
      : layer_(layer),
        accelerator_(accelerator),
        level_(accelerator.levels()[1]),
        least_(least),
        orders_(operand_loops(layer.op, level_)) {
    for (const Dim dim : kDims) choices_[index(dim)] = tile_choices(layer.op.bound(dim));
    for (const Operand& operand : layer.op.operands())
      for (const Rank& rank : operand.ranks) rooms_.emplace_back(rank, layer.op);
  }

  /// None when not even tiles of one element fit.
  std::optional<MidCost> run() {
    choose(0, finest());
    if (!found_) return std::nullopt;
    best_.cycles = std::max(least_.compute_cycles, dram_cycles());
    return best_;
  }

 private:
  static std::vector<OperandLoops> operand_loops(const Operator& op, const MemoryLevel& level) {
    std::vector<OperandLoops> result;
    for (const Operand& operand : op.operands())
      result.push_back(level.keeps.contains(operand.role) ? loops_of(op, operand)
                                                          : OperandLoops{~DimMask{0}, 0});
    return result;
  }

  using Choice = std::array<std::size_t, kDimCount>;

  [[nodiscard]] Choice finest() const {
    Choice choice{};
    for (std::size_t d = 0; d < kDimCount; ++d) choice[d] = choices_[d].size() - 1;
    return choice;
  }

  /// Dimensions are fixed one after the other; those still open are cut finest, so a tiling that
  /// does not fit now never will.
  void choose(std::size_t at, Choice choice) {
    if (!fits(choice)) return;
    if (at == kDimCount) return weigh(choice);
    for (std::size_t i = 0; i < choices_[at].size(); ++i) {
      choice[at] = i;
      choose(at + 1, choice);
    }
  }

  [[nodiscard]] bool fits(const Choice& choice) {
    std::int64_t shared = 0;
    occupied_ = 0;
    std::array<std::int64_t, kRoleCount> bits{};
    std::size_t axis = 0;
    for (const Operand& operand : layer_.op.operands()) {
      std::int64_t words = 1;
      for (const Rank& rank : operand.ranks) words *= room(axis++, rank, choice);
      if (!level_.keeps.contains(operand.role)) continue;
      const Widths widths(layer_, operand.role);
      bits[index(operand.role)] +=
          words * std::min(widths.finished, widths.unfinished) * (level_.double_buffered ? 2 : 1);
    }
    for (const Role role : kRoles) {
      const std::int64_t needed = bits[index(role)];
      const auto& partition = level_.partition_bits[index(role)];
      occupied_ += needed;
      if (!partition) shared += needed;
      if (partition && needed > *partition) return false;
    }
    return !level_.capacity_bits || shared <= *level_.capacity_bits;
  }

  [[nodiscard]] std::int64_t room(std::size_t axis, const Rank& rank, const Choice& choice) const {
    std::array<std::size_t, 2> at{0, 0};
    for (std::size_t t = 0; t < rank.terms.size(); ++t) at[t] = choice[index(rank.terms[t].dim)];
    return rooms_[axis].words(at[0], at[1]);
  }

  void weigh(const Choice& choice) {
    DimMask turning = 0;
    DimArray tiles = kOnes;
    for (const Dim dim : kDims) {
      tiles[index(dim)] = choices_[index(dim)][choice[index(dim)]].tiles;
      if (tiles[index(dim)] > 1) turning |= bit(dim);
    }
    for (const ReloadMasks& masks : orders_.of(turning)) offer(masks, tiles);
  }

  void offer(const ReloadMasks& masks, const DimArray& tiles) {
    PortBits dram;
    const auto& operands = layer_.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) {
      std::int64_t passes = 1;
      for (const Dim dim : kDims)
        if ((masks[o] & bit(dim)) != 0) passes *= tiles[index(dim)];
      const std::int64_t bits =
          least_.operand_words[o] * least_width(layer_, accelerator_, operands[o].role) * passes;
      const bool is_output = operands[o].role == Role::outputs;
      (is_output ? dram.write : dram.read) += bits;
      if (is_output) dram.read += bits / passes * (passes - 1);
    }
    keep(dram);
  }

  void keep(const PortBits& dram) {
    const std::int64_t bits = dram.read + dram.write;
    const double energy_pj = outer_energy_pj(layer_, accelerator_, least_.work, dram);
    if (!found_ || bits < best_.dram_bits) {
      best_.dram_bits = bits;
      best_.buffer_bits = occupied_;
    }
    best_.energy_pj = found_ ? std::min(best_.energy_pj, energy_pj) : energy_pj;
    least_ports_.read = found_ ? std::min(least_ports_.read, dram.read) : dram.read;
    least_ports_.write = found_ ? std::min(least_ports_.write, dram.write) : dram.write;
    found_ = true;
  }

  [[nodiscard]] std::int64_t dram_cycles() const {
    const MemoryLevel& dram = accelerator_.levels()[0];
    if (dram.shared_port) return port_cycles(dram, {best_.dram_bits, 0}, 1);
    return port_cycles(dram, least_ports_, 1);
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  const MemoryLevel& level_;
  const Compulsory& least_;
  LoopOrders orders_;
  std::array<std::vector<TileChoice>, kDimCount> choices_;
  std::vector<AxisRoom> rooms_;  ///< by operand and rank
  std::int64_t occupied_ = 0;
  PortBits least_ports_;
  bool found_ = false;
  MidCost best_;
};

}  // namespace

Expected<MidCost> evaluate_mid(const Layer& layer, const Accelerator& accelerator) {
  const auto least = compulsory_cost(layer, accelerator);
  if (!least) return Unexpected{least.error()};
  // Several outermost buffers hold words for each other while some of them rest: no bound but the
  // compulsory one is claimed for them.
  if (accelerator.levels().size() > 1 && accelerator.instances(1) == 1) {
    const auto best = TilingSearch(layer, accelerator, *least).run();
    if (best) return *best;
    return Unexpected{Diagnostics{
        {layer.name,
         "not even tiles of one element fit level '" + accelerator.levels()[1].name + "'",
         "give the level more room"}}};
  }
  MidCost cost;
  cost.dram_bits = least->dram.read + least->dram.write;
  cost.cycles =
      std::max(least->compute_cycles, port_cycles(accelerator.levels()[0], least->dram, 1));
  cost.energy_pj = outer_energy_pj(layer, accelerator, least->work, least->dram);
  return cost;
}

}  // namespace hwflow::chip
