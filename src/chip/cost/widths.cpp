#include "chip/cost/widths.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

std::int64_t whole_words(std::int64_t bits, std::int64_t word_bits) {
  return (bits + word_bits - 1) / word_bits * word_bits;
}

}  // namespace

Widths::Widths(const Layer& layer, Role role)
    : finished(bits_of(layer.bits, role)),
      unfinished(role == Role::outputs ? layer.bits.partial_sums : finished) {}

Widths Widths::at(const MemoryLevel& level) const {
  if (!level.whole_words) return *this;
  return {whole_words(finished, level.word_bits), whole_words(unfinished, level.word_bits)};
}

LevelIndex next_keeping(const Accelerator& accelerator, Role role, LevelIndex level) {
  const auto& levels = accelerator.levels();
  ++level;
  while (level < levels.size() && !levels[level].keeps.contains(role)) ++level;
  return level;
}

std::optional<ComputeRate> compute_rate(const Layer& layer, const ComputeEngine& engine) {
  if (layer.op.arithmetic() != Arithmetic::multiply_accumulate) return ComputeRate{};
  const auto& operands = layer.op.operands();
  const bool has_weights =
      std::any_of(operands.begin(), operands.end(),
                  [](const Operand& operand) { return operand.role == Role::weights; });
  const int weight_bits = has_weights ? layer.bits.weights : layer.bits.inputs;
  const auto rate = engine.rate(weight_bits, layer.bits.inputs);
  if (!rate) return std::nullopt;
  return ComputeRate{*rate, engine.mac_energy_pj_at(weight_bits, layer.bits.inputs)};
}

}  // namespace hwflow::chip
