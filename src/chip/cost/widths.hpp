#pragma once

#include <cstdint>
#include <optional>

#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Bits of one element of an operand; `finished` and `unfinished` differ for outputs only.
struct Widths {
  std::int64_t finished = 0;
  std::int64_t unfinished = 0;

  Widths(std::int64_t finished_bits, std::int64_t unfinished_bits)
      : finished(finished_bits), unfinished(unfinished_bits) {}
  Widths(const Layer& layer, Role role);

  /// Bits that one access of `level` moves: whole words where the level moves no less.
  [[nodiscard]] Widths at(const MemoryLevel& level) const;
  /// Of `words`, `final_words` are finished.
  [[nodiscard]] std::int64_t bits(std::int64_t words, std::int64_t final_words) const {
    return final_words * finished + (words - final_words) * unfinished;
  }
};

/// The next level inward from `level` that keeps `role`; the level count stands for the units.
[[nodiscard]] LevelIndex next_keeping(const Accelerator& accelerator, Role role, LevelIndex level);

/// What one innermost iteration takes.
struct ComputeRate {
  ComputeEngine::Rate rate;
  double mac_energy_pj = 0.0;
};
/// Errors (as empty): widths that the engine cannot compute. Operators without MACs do one
/// iteration a cycle and unit, and cost no MAC energy.
[[nodiscard]] std::optional<ComputeRate> compute_rate(const Layer& layer,
                                                      const ComputeEngine& engine);

}  // namespace hwflow::chip
