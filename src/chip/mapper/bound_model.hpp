#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/cost.hpp"
#include "chip/mapper/map_space.hpp"
#include "chip/mapper/rank_table.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// What is already decided of a candidate: dimensions (their loops) and levels (their loop order),
/// one bit each. Loops of undecided dimensions must all be 1.
struct Decided {
  std::uint32_t dims = 0;
  std::uint32_t levels = 0;
};

/// No completion of the decided part costs less than this in any of the three.
struct Bound {
  double energy_pj = 0.0;
  double cycles = 0.0;
  double dram_bits = 0.0;
};
[[nodiscard]] double value_of(const Bound& bound, Objective objective);

/// A tile that does not fit: the level, and the bits that its tiles need and that it has.
struct Overflow {
  LevelIndex level = 0;
  std::int64_t needed_bits = 0;
  std::int64_t available_bits = 0;
};

/// Admissible lower bounds of evaluate(), for complete and for partly decided candidates.
///
/// Every term is explained, with its proof, in docs/mapper.md ("Bounds"). The object is immutable
/// after construction and safe from any thread; bound() does not allocate.
/// Checked by  tests/chip/mapper/bound_model_test.cpp: bound <= evaluate() on random mappings.
class BoundModel {
 public:
  BoundModel(const Layer& layer, const Accelerator& accelerator, const MapSpace& space);

  [[nodiscard]] Bound bound(const Candidate& candidate, Decided decided) const;
  /// First level whose tiles cannot fit whatever the undecided part is; none when all may fit.
  /// Dimensions whose loops do not cover them count as undecided.
  [[nodiscard]] std::optional<Overflow> overflow(const Candidate& candidate,
                                                 std::uint32_t decided_levels = 0) const;
  /// Everything decided.
  [[nodiscard]] Decided all() const { return {kAllDims, all_levels_}; }
  /// Are operand words held in a register at the compute units?
  [[nodiscard]] bool has_register(Role role) const {
    return engine_.operand_registers.contains(role);
  }

  static constexpr std::uint32_t kAllDims = (1U << kDimCount) - 1;

  /// A dimension of an operand: how a loop over it changes the operand's tile.
  enum class Relevance : std::uint8_t { none, plain, sliding };
  struct OperandTable {
    Role role = Role::inputs;
    std::array<Relevance, kDimCount> relevance{};
    std::vector<RankTable> sliding;  ///< ranks that overlap or touch padding
    double plain_words = 1.0;        ///< product of the sizes of the plain dimensions
    double distinct = 1.0;           ///< words that the layer touches
    double touching = 1.0;           ///< iterations that touch a word
    std::vector<LevelIndex> keeps;   ///< levels that keep it, outermost first
    int bits = 16;                   ///< finished words
  };
  [[nodiscard]] const std::vector<OperandTable>& operands() const { return operands_; }

 private:
  struct Geometry;
  struct Count;
  struct Port;
  struct Transfer;
  struct Sums;

  void add_operand(const Operand& operand, const Layer& layer, const Accelerator& accelerator,
                   bool perfect);
  [[nodiscard]] Geometry geometry(const Candidate& candidate, Decided decided) const;
  [[nodiscard]] double repeats(const OperandTable& operand, const Count& count,
                               const Geometry& g) const;
  [[nodiscard]] double sliding_words(const OperandTable& operand, const Count& count,
                                     const Geometry& g) const;
  [[nodiscard]] double words(const OperandTable& operand, const Count& count,
                             const Geometry& g) const;
  [[nodiscard]] double mac_words(const OperandTable& operand, const Count& count,
                                 const Geometry& g) const;
  [[nodiscard]] double copies_above(const OperandTable& operand, LevelIndex level,
                                    const Geometry& g) const;
  /// The i-th boundary that the operand crosses; `shares` tells which fan-outs serve their
  /// instances together.
  [[nodiscard]] Count boundary(const OperandTable& operand, std::size_t i,
                               bool Fanout::*shares) const;
  void add_input(const OperandTable& operand, const Geometry& g, Sums& sums) const;
  void add_output(const OperandTable& operand, const Geometry& g, Sums& sums) const;
  [[nodiscard]] double compute_cycles(const Geometry& g) const;
  [[nodiscard]] double cycles(const Geometry& g, const Sums& sums) const;
  void add_transfer(const Transfer& transfer, Sums& sums) const;
  [[nodiscard]] bool holds_partial_sums(const OperandTable& outputs, LevelIndex level,
                                        const Geometry& g) const;
  [[nodiscard]] double moved_bits(LevelIndex level, int bits) const;

  const MapSpace& space_;
  std::vector<MemoryLevel> levels_;
  ComputeEngine engine_;
  CountingRules counting_;
  std::vector<OperandTable> operands_;
  std::array<std::int64_t, kMaxMapperLevels> instances_{};
  std::int64_t units_ = 1;
  double mac_energy_pj_ = 0.0;
  double cycles_per_step_ = 1.0;
  int partial_sum_bits_ = 32;
  std::uint32_t all_levels_ = 0;
};

}  // namespace hwflow::chip
