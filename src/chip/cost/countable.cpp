#include "chip/cost/countable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "chip/cost/boundary.hpp"
#include "chip/cost/widths.hpp"

namespace hwflow::chip {
namespace {

/// More than any mapping can make of them; as doubles, which cannot overflow.
struct Most {
  double bits = 0.0, cycles = 0.0;
};

/// A tile has at most one word for each of its iterations; as bounding boxes, at most the larger
/// coefficient of each axis times that.
double most_words(const Layer& layer, const Operand& operand) {
  auto words = static_cast<double>(layer.op.iterations());
  for (const Rank& rank : operand.ranks) {
    std::int64_t coefficient = 1;
    for (const AffineTerm& term : rank.terms) coefficient = std::max(coefficient, term.coefficient);
    words *= static_cast<double>(coefficient);
  }
  return words;
}

/// Of one level: every word is read, filled, updated and drained in each step at most.
double most_bits(const Layer& layer, const Accelerator& accelerator, const MemoryLevel& level) {
  constexpr double kPasses = 4.0;
  const bool boxes = accelerator.fields().counting.fetch_stride_gaps;
  double bits = 0.0;
  for (const Operand& operand : layer.op.operands()) {
    const Widths widths = Widths(layer, operand.role).at(level);
    const double words =
        boxes ? most_words(layer, operand) : static_cast<double>(layer.op.iterations());
    bits += kPasses * words * static_cast<double>(std::max(widths.finished, widths.unfinished));
  }
  return bits;
}

Most most_of(const Layer& layer, const Accelerator& accelerator) {
  const auto iterations = static_cast<double>(layer.op.iterations());
  Most most;
  double slowest = 0.0;
  for (const MemoryLevel& level : accelerator.levels()) {
    const double bits = most_bits(layer, accelerator, level);
    most.bits = std::max(most.bits, bits);
    for (const auto& bandwidth :
         {level.read_bandwidth_bits_per_cycle, level.write_bandwidth_bits_per_cycle}) {
      if (bandwidth) slowest = std::max(slowest, bits / *bandwidth);
    }
  }
  most.bits = std::max(most.bits, iterations * layer.bits.weights * layer.bits.inputs);
  const auto rate = compute_rate(layer, accelerator.engine());
  const double compute = rate ? iterations * static_cast<double>(rate->rate.cycles) : 0.0;
  // Overlapped transfers once, and at each level those that stall, the first and the last.
  const auto levels = static_cast<double>(accelerator.levels().size());
  most.cycles = compute + (1.0 + 3.0 * levels) * (slowest + 1.0);
  return most;
}

bool turns(const Rank& rank, const DimArray& bounds) {
  return std::all_of(rank.terms.begin(), rank.terms.end(),
                     [&](const AffineTerm& term) { return bounds[index(term.dim)] > 1; });
}

/// The part of an axis that windows make dear to count: 0 where they are alike.
struct Axis {
  std::int64_t words = 0;   ///< of the whole axis
  std::int64_t window = 0;  ///< reach of the shorter dimension
  std::int64_t padding = 0;
};

Axis axis_of(const Rank& rank, const DimArray& bounds) {
  if (rank.terms.size() < 2 || !turns(rank, bounds)) return {};
  const auto reach = [&](std::size_t t) {
    return rank.terms[t].coefficient * (bounds[index(rank.terms[t].dim)] - 1);
  };
  const std::int64_t last = rank.offset + reach(0) + reach(1);
  const std::int64_t padding = std::max<std::int64_t>({0, -rank.offset, last - (rank.extent - 1)});
  if (padding == 0 && !collides(rank, bounds)) return {};
  return {rank.extent, std::min(reach(0), reach(1)) + 1, padding};
}

}  // namespace

bool is_countable(const Layer& layer, const Accelerator& accelerator) {
  constexpr auto kMost = static_cast<double>(kMostCount);
  const Most most = most_of(layer, accelerator);
  if (!(most.bits <= kMost && most.cycles <= kMost)) return false;
  for (const Operand& operand : layer.op.operands()) {
    for (const Rank& rank : operand.ranks) {
      const Axis axis = axis_of(rank, layer.op.bounds());
      if (axis.words > kMostAxis || axis.window > kMostWindow || axis.padding > kMostWindow)
        return false;
    }
  }
  return true;
}

std::optional<Diagnostic> refuse_uncountable(const Layer& layer, const Accelerator& accelerator) {
  if (is_countable(layer, accelerator)) return std::nullopt;
  const auto refuse = [&](std::string reason, std::string hint) {
    return Diagnostic{layer.name, std::move(reason), std::move(hint)};
  };
  constexpr auto kMost = static_cast<double>(kMostCount);
  const Most most = most_of(layer, accelerator);
  if (!(most.bits <= kMost)) {
    return refuse(fmt::format("could move {:.1e} bits on '{}', more than can be counted (2^60)",
                              most.bits, accelerator.name()),
                  "take a smaller batch or layer, or a narrower word_bits");
  }
  if (!(most.cycles <= kMost)) {
    return refuse(fmt::format("could take {:.1e} cycles on '{}', more than can be counted (2^60)",
                              most.cycles, accelerator.name()),
                  "take a smaller batch or layer, or a larger bandwidth");
  }
  return refuse(fmt::format("its windows are too large to be counted: at most {} rows or columns "
                            "of image, {} of window and {} of padding",
                            kMostAxis, kMostWindow, kMostWindow),
                "cut the image into smaller ones");
}

}  // namespace hwflow::chip
