#include <algorithm>

#include "base/ceil_div.hpp"
#include "base/check.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {
namespace {

constexpr int kMaxOperandBits = 64;

/// What a sub-word unit makes of one operand: `passes` digits of `bits` each.
struct Digits {
  std::int64_t bits = 1;
  std::int64_t passes = 1;
};

Digits digits(const VectorisedEngine& engine, int operand_bits) {
  if (operand_bits > engine.width_bits) {
    return {engine.width_bits, ceil_div(operand_bits, engine.width_bits)};
  }
  int rounded = engine.width_bits;
  for (const int supported : engine.supported_bits) {
    if (supported >= operand_bits) rounded = std::min(rounded, supported);
  }
  return {rounded, 1};
}

using Rate = ComputeEngine::Rate;

std::optional<Rate> rate_of(const BitParallelEngine& engine, int weight_bits, int input_bits) {
  if (std::max(weight_bits, input_bits) > engine.width_bits) return std::nullopt;
  return Rate{1, 1};
}

std::optional<Rate> rate_of(const VectorisedEngine& engine, int weight_bits, int input_bits) {
  const Digits w = digits(engine, weight_bits);
  const Digits a = digits(engine, input_bits);
  const std::int64_t macs = engine.fusion == VectorisedEngine::Fusion::spatial
                                ? (engine.width_bits / w.bits) * (engine.width_bits / a.bits)
                                : engine.width_bits / std::max(w.bits, a.bits);
  return Rate{w.passes * a.passes, macs};
}

std::optional<Rate> rate_of(const BitSerialEngine& engine, int weight_bits, int input_bits) {
  return Rate{
      ceil_div(weight_bits, engine.digit_weights) * ceil_div(input_bits, engine.digit_inputs), 1};
}

/// Product of the widths that the engine really switches, in bits squared.
double switched_bits(const BitParallelEngine&, int weight_bits, int input_bits) {
  return static_cast<double>(weight_bits) * input_bits;
}

double switched_bits(const VectorisedEngine& engine, int weight_bits, int input_bits) {
  const Digits w = digits(engine, weight_bits);
  const Digits a = digits(engine, input_bits);
  return static_cast<double>(w.bits * w.passes) * static_cast<double>(a.bits * a.passes);
}

double switched_bits(const BitSerialEngine& engine, int weight_bits, int input_bits) {
  const std::int64_t w = ceil_div(weight_bits, engine.digit_weights) * engine.digit_weights;
  const std::int64_t a = ceil_div(input_bits, engine.digit_inputs) * engine.digit_inputs;
  return static_cast<double>(w) * static_cast<double>(a);
}

bool is_width(int bits) { return bits >= 1 && bits <= kMaxOperandBits; }

}  // namespace

std::optional<Rate> ComputeEngine::rate(int weight_bits, int input_bits) const {
  if (!is_width(weight_bits) || !is_width(input_bits)) return std::nullopt;
  return std::visit([&](const auto& engine) { return rate_of(engine, weight_bits, input_bits); },
                    kind);
}

double ComputeEngine::mac_energy_pj_at(int weight_bits, int input_bits) const {
  HWFLOW_CHECK(rate(weight_bits, input_bits).has_value(), "widths that the engine cannot compute");
  if (scaling == EnergyScaling::constant) return mac_energy_pj;
  const auto switched = [this](int w, int a) {
    return std::visit([&](const auto& engine) { return switched_bits(engine, w, a); }, kind);
  };
  return mac_energy_pj * switched(weight_bits, input_bits) /
         switched(reference_weight_bits, reference_input_bits);
}

}  // namespace hwflow::chip
