#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "chip/cost/cost.hpp"
#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// What a mapping costs in all. Energy in pJ, latency in cycles, traffic in bits.
struct Totals {
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  bool operator==(const Totals&) const = default;
};
[[nodiscard]] double value_of(const Totals& totals, Objective objective);

/// Evaluates many mappings of one layer on one accelerator: the totals of evaluate(), some hundred
/// times as fast (docs/mapper.md, "Fast evaluation").
///
/// Counts are products over the axes of the operands. Those of an axis are kept in tables, found by
/// comparing the loops of its dimensions; what a mapping shares with the one before it is not
/// counted again. Mappings with ragged tiles, and pairs that the tables do not cover (ZigZag's
/// counting, layers that cannot be counted), go to evaluate().
/// Memory  at most some hundred MB; all tables are forgotten when one is full.
/// Checked by  evaluate(), on random layers, machines and mappings.
class CandidateEvaluator {
 public:
  static constexpr std::size_t kMostRecords = std::size_t{1} << 18;

  /// Keeps copies. `space` says how candidates are read; a mapping need not be inside it.
  /// `most_records`: ways to loop over one dimension, or one axis, that a table may hold (at most
  /// kMostRecords).
  CandidateEvaluator(const Layer& layer, const Accelerator& accelerator, const MapSpace& space,
                     std::size_t most_records = kMostRecords);
  ~CandidateEvaluator();
  CandidateEvaluator(CandidateEvaluator&&) noexcept;
  CandidateEvaluator& operator=(CandidateEvaluator&&) noexcept;

  /// Integers as evaluate() gives them, energy to rounding (1e-12 relative); the same reason where
  /// the mapping cannot run. The answer does not depend on what was asked before. Not for several
  /// threads at once.
  [[nodiscard]] std::variant<Totals, Infeasible> evaluate(const Candidate& candidate);

  /// Are there mappings of the pair that do not go to evaluate()?
  [[nodiscard]] bool is_fast() const;

 private:
  class Counter;
  std::unique_ptr<Counter> counter_;
};

}  // namespace hwflow::chip
