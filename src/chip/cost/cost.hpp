#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Words (elements) of one operand that pass through one level, all instances together, and the
/// bits they amount to (partial sums at accumulator width, finished outputs at output width).
struct TensorTraffic {
  std::int64_t reads = 0;  ///< out of the level towards the MACs (partial sums read back included)
  std::int64_t fills = 0;  ///< into the level from above
  std::int64_t updates = 0;  ///< into the level from below (outputs)
  std::int64_t drains = 0;   ///< out of the level upwards (outputs)
  std::int64_t read_bits = 0, fill_bits = 0, update_bits = 0, drain_bits = 0;
  std::int64_t tile_words = 0;  ///< largest tile of one instance
  bool operator==(const TensorTraffic&) const = default;
};

struct LevelCost {
  std::vector<TensorTraffic> operands;  ///< as Operator::operands(); zeros where bypassed
  double energy_pj = 0.0;
  double noc_energy_pj = 0.0;  ///< of the fan-out below the level
  double leakage_pj = 0.0;
  std::int64_t occupied_bits = 0;  ///< of one instance, double buffering included
  std::int64_t used_instances = 1;
  std::int64_t bandwidth_cycles = 0;  ///< cycles its ports need at least
  bool operator==(const LevelCost&) const = default;
};

/// What a mapping costs. Energy in pJ, latency in cycles, traffic in bits.
struct Cost {
  double energy_pj = 0.0;
  double mac_energy_pj = 0.0;
  double engine_leakage_pj = 0.0;  ///< of all compute units; that of memories is in `levels`
  std::int64_t cycles = 0;
  std::int64_t compute_cycles = 0;
  std::int64_t dram_bits = 0;
  double utilization = 0.0;  ///< MACs done / MACs that all units could do in `cycles`
  std::vector<LevelCost> levels;
  [[nodiscard]] double edp() const { return energy_pj * static_cast<double>(cycles); }
  bool operator==(const Cost&) const = default;
};

/// Why a mapping cannot run; no text, no allocation.
struct Infeasible {
  enum class Reason : std::uint8_t {
    capacity,
    mesh,
    unsupported_width,
    malformed,
    uncountable,
  } reason;
  LevelIndex level = 0;
  bool operator==(const Infeasible&) const = default;
};
[[nodiscard]] std::string_view name(Infeasible::Reason reason);
/// "capacity at level 'GLB'"
[[nodiscard]] std::string to_text(const Infeasible& infeasible, const Accelerator& accelerator);

using Evaluation = std::variant<Cost, Infeasible>;

/// Fine model: every level, exact counts. Pure function, safe from any thread.
/// Checked by  tests/support/nest_simulator, which walks the nest element by element.
[[nodiscard]] Evaluation evaluate(const Layer& layer, const Accelerator& accelerator,
                                  const Mapping& mapping);

/// Coarse model: no mapping. A lower bound of mid.
struct CoarseCost {
  std::int64_t macs = 0;
  std::int64_t bit_operations = 0;  ///< MACs * weight bits * input bits
  std::int64_t weight_bits = 0, input_bits = 0, output_bits = 0;  ///< whole tensors
  double arithmetic_intensity = 0.0;  ///< MACs per DRAM bit, compulsory traffic
  std::int64_t cycles = 0;            ///< roofline: peak compute against compulsory DRAM traffic
  std::int64_t dram_bits = 0;         ///< compulsory: every word really used, once
  double energy_pj = 0.0;             ///< MACs and compulsory DRAM traffic
};
[[nodiscard]] Expected<CoarseCost> evaluate_coarse(const Layer& layer,
                                                   const Accelerator& accelerator);

/// Mid model: DRAM and the outermost buffer only; best over tilings and loop orders at that
/// boundary. A lower bound of the fine optimum of each quantity (each minimised by itself).
struct MidCost {
  std::int64_t dram_bits = 0;
  std::int64_t cycles = 0;  ///< max of peak compute and DRAM bandwidth
  double energy_pj = 0.0;
  std::int64_t buffer_bits = 0;  ///< occupied by the tiling of least traffic
};
[[nodiscard]] Expected<MidCost> evaluate_mid(const Layer& layer, const Accelerator& accelerator);

}  // namespace hwflow::chip
