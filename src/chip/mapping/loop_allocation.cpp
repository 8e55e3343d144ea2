#include "chip/mapping/loop_allocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace hwflow::chip {
namespace {

/// Words of an operand's tile: along a rank of two dimensions pairs of indices, less those that
/// meet.
std::int64_t words_of(const Operand& operand, const DimArray& tile) {
  std::int64_t words = 1;
  for (const Rank& rank : operand.ranks) {
    if (rank.terms.empty()) continue;
    const std::int64_t a = tile[index(rank.terms[0].dim)];
    if (rank.terms.size() == 1) {
      words *= a;
      continue;
    }
    const std::int64_t b = tile[index(rank.terms[1].dim)];
    const std::int64_t shared = std::gcd(rank.terms[0].coefficient, rank.terms[1].coefficient);
    const std::int64_t meet_a = a - rank.terms[1].coefficient / shared;
    const std::int64_t meet_b = b - rank.terms[0].coefficient / shared;
    words *= a * b - std::max<std::int64_t>(meet_a, 0) * std::max<std::int64_t>(meet_b, 0);
  }
  return words;
}

/// What a tensor may take at one memory: bits of its tile and words left to the memory above, by
/// the number of further loops.
struct Choices {
  Role role = Role::weights;
  std::vector<std::int64_t> bits;
  std::vector<double> left;
};

class Allocator {
 public:
  Allocator(const Layer& layer, const Accelerator::Fields& machine, UnevenNest& nest)
      : layer_(layer), machine_(machine), nest_(nest) {}

  Diagnostics run() {
    for (LevelIndex l = machine_.levels.size(); l-- > 0;) allocate(l);
    return std::move(problems_);
  }

 private:
  /// Loop `i` from the innermost.
  [[nodiscard]] const Loop& loop(std::size_t i) const {
    return nest_.temporal[nest_.temporal.size() - 1 - i];
  }

  template <class Wanted>
  void spread(DimArray& tile, const Wanted& wanted) const {
    for (const auto& each : nest_.spreads) {
      for (LevelIndex l = 0; l < machine_.levels.size(); ++l) {
        if (machine_.levels[l].name != each.memory || !wanted(l)) continue;
        for (const auto* loops : {&each.x, &each.y})
          for (const Loop& spatial : *loops) tile[index(spatial.dim)] *= spatial.bound;
      }
    }
  }

  [[nodiscard]] const Operand* operand_of(Role role) const {
    for (const Operand& operand : layer_.op.operands())
      if (operand.role == role) return &operand;
    return nullptr;
  }

  /// Outputs are finished where no loop is left that adds to them.
  [[nodiscard]] int width(const Operand& operand, LevelIndex l, std::size_t taken) const {
    if (operand.role != Role::outputs) return bits_of(layer_.bits, operand.role);
    DimArray outside = kOnes;
    spread(outside, [&](LevelIndex level) { return level < l; });
    for (std::size_t i = taken; i < nest_.temporal.size(); ++i)
      outside[index(loop(i).dim)] *= loop(i).bound;
    for (const Dim dim : kDims)
      if (outside[index(dim)] > 1 && !operand.indexed_by(dim)) return layer_.bits.partial_sums;
    return layer_.bits.outputs;
  }

  Choices choices_at(LevelIndex l, const Operand& operand) {
    Choices choices;
    choices.role = operand.role;
    const std::size_t taken = taken_[index(operand.role)];
    const int bits = width(operand, l, taken);
    DimArray tile = kOnes;
    spread(tile, [&](LevelIndex level) { return level >= l; });
    for (std::size_t i = 0; i < taken; ++i) tile[index(loop(i).dim)] *= loop(i).bound;
    const auto& room = machine_.levels[l].capacity_bits;
    const bool outermost = l == 0;
    double turns = 1;
    for (std::size_t i = taken; i < nest_.temporal.size(); ++i)
      turns *= static_cast<double>(loop(i).bound);
    for (std::size_t i = taken;; ++i) {
      const std::int64_t size = words_of(operand, tile) * bits;
      if (room && !outermost && size > *room) break;
      choices.bits.push_back(size);
      choices.left.push_back(outermost ? 0.0 : turns * static_cast<double>(size));
      if (i == nest_.temporal.size()) break;
      tile[index(loop(i).dim)] *= loop(i).bound;
      turns /= static_cast<double>(loop(i).bound);
    }
    return choices;
  }

  void allocate(LevelIndex l) {
    const MemoryLevel& level = machine_.levels[l];
    std::vector<Choices> all;
    for (const Role role : {Role::inputs, Role::weights, Role::outputs}) {  // I1, I2, O
      const Operand* operand = operand_of(role);
      if (operand != nullptr && level.keeps.contains(role)) all.push_back(choices_at(l, *operand));
    }
    const auto best = l == 0 ? last_of(all) : best_of(all, level.capacity_bits);
    if (best.size() != all.size()) {
      problems_.push_back({level.name, "is too small for the tiles of the memories below it",
                           "spread fewer elements over the array"});
      return;
    }
    for (std::size_t o = 0; o < all.size(); ++o) {
      std::size_t& taken = taken_[index(all[o].role)];
      taken += best[o];
      nest_.tiles.push_back({level.name, all[o].role, nest_.temporal.size() - taken});
    }
  }

  static std::vector<std::size_t> last_of(const std::vector<Choices>& all) {
    std::vector<std::size_t> last;
    for (const Choices& each : all) last.push_back(each.bits.size() - 1);
    return last;
  }

  /// Of the combinations that fit the one that leaves least; the last of several.
  static std::vector<std::size_t> best_of(const std::vector<Choices>& all,
                                          const std::optional<std::int64_t>& room) {
    std::vector<std::size_t> at(all.size(), 0), best;
    for (const Choices& each : all)
      if (each.bits.empty()) return {};
    double least = 0;
    for (bool more = true; more;) {
      std::int64_t bits = 0;
      double left = 0;
      for (std::size_t o = 0; o < all.size(); ++o) {
        bits += all[o].bits[at[o]];
        left += all[o].left[at[o]];
      }
      if ((!room || bits <= *room) && (best.empty() || left <= least)) {
        least = left;
        best = at;
      }
      more = false;
      for (std::size_t o = all.size(); o-- > 0 && !more;) {
        more = ++at[o] < all[o].bits.size();
        if (!more) at[o] = 0;
      }
    }
    return best;
  }

  const Layer& layer_;
  const Accelerator::Fields& machine_;
  UnevenNest& nest_;
  std::array<std::size_t, kRoleCount> taken_{};  ///< loops given to memories so far
  Diagnostics problems_;
};

}  // namespace

Diagnostics allocate_loops(const Layer& layer, const Accelerator::Fields& machine,
                           UnevenNest& nest) {
  return Allocator(layer, machine, nest).run();
}

}  // namespace hwflow::chip
