#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/expected.hpp"
#include "workload/dims.hpp"

namespace hwflow::chip {

/// Index of a memory level, 0 = DRAM, counting inward.
using LevelIndex = std::size_t;

/// Set of roles a level keeps; a role that is not kept bypasses the level.
struct RoleSet {
  std::array<bool, kRoleCount> has{};
  [[nodiscard]] constexpr bool contains(Role role) const { return has[index(role)]; }
  bool operator==(const RoleSet&) const = default;
};

/// Array of instances between a level and the next one inward (or the MACs).
struct Fanout {
  std::int64_t x = 1, y = 1;           ///< mesh columns and rows
  std::vector<Dim> x_dims, y_dims;     ///< dimensions that may unroll on the axis; empty = any
  bool multicast = true;               ///< one read serves all instances that want the word
  bool spatial_reduction = true;       ///< partial sums of one output are added on the way up
  bool forwarding = false;             ///< neighbours hand on words they hold (fewer reads above)
  double hop_energy_pj_per_bit = 0.0;  ///< NoC energy for one bit over one hop
  [[nodiscard]] std::int64_t instances() const { return x * y; }
  bool operator==(const Fanout&) const = default;
};

/// One memory level. Loops written "at" a level run above the tiles of the next level inward.
struct MemoryLevel {
  std::string name;
  RoleSet keeps;
  /// Bits of one instance shared by all kept roles; none = unlimited (DRAM).
  std::optional<std::int64_t> capacity_bits;
  /// Bits of one instance reserved for a role (overrides sharing for that role).
  std::array<std::optional<std::int64_t>, kRoleCount> partition_bits{};
  /// Bits moved by one access; energy is charged per bit moved unless `whole_words`.
  std::int64_t word_bits = 16;
  bool whole_words = false;      ///< an operand narrower than a word still costs a word
  bool double_buffered = false;  ///< tiles take twice their room, transfers overlap compute
  std::int64_t banks = 1;        ///< equal memories that one instance is made of
  double read_energy_pj_per_bit = 0.0;
  double write_energy_pj_per_bit = 0.0;
  /// Bits per cycle and instance; none = unlimited. One shared port when only `read` is given and
  /// `shared_port` is set.
  std::optional<double> read_bandwidth_bits_per_cycle;
  std::optional<double> write_bandwidth_bits_per_cycle;
  bool shared_port = false;
  double leakage_pj_per_cycle = 0.0;  ///< one instance
  std::optional<double> area_um2;     ///< one instance
  Fanout fanout;                      ///< between this level and the next inward
  /// Dimensions that may have temporal loops at this level; empty = any.
  std::vector<Dim> temporal_dims;
  bool operator==(const MemoryLevel&) const = default;
};

/// Fixed-width multiplier array: every MAC takes one cycle whatever the widths (<= width).
struct BitParallelEngine {
  int width_bits = 16;
  bool operator==(const BitParallelEngine&) const = default;
};
/// Sub-word lanes: operands round up to a supported width, and a unit of `width_bits` does
/// (width/w)*(width/a) MACs a cycle (`spatial` fusion as in Bit Fusion) or width/max(w,a)
/// (`lanes`).
struct VectorisedEngine {
  enum class Fusion : std::uint8_t { lanes, spatial };
  int width_bits = 8;
  std::vector<int> supported_bits{2, 4, 8};
  Fusion fusion = Fusion::spatial;
  bool operator==(const VectorisedEngine&) const = default;
};
/// Bit-serial: a MAC takes ceil(w/digit_weights) * ceil(a/digit_inputs) cycles; the unit multiplies
/// digits of these widths. BISMO: 1 and 1.
struct BitSerialEngine {
  int digit_weights = 1;
  int digit_inputs = 1;
  bool operator==(const BitSerialEngine&) const = default;
};
using EngineKind = std::variant<BitParallelEngine, VectorisedEngine, BitSerialEngine>;

/// What computes, below the innermost level.
struct ComputeEngine {
  EngineKind kind;
  /// Energy of one MAC at the reference widths.
  double mac_energy_pj = 1.0;
  int reference_weight_bits = 16, reference_input_bits = 16;
  /// How MAC energy follows the operand widths.
  enum class EnergyScaling : std::uint8_t { constant, product } scaling = EnergyScaling::product;
  /// Roles held in a register at the MAC: no read while the same word is used again.
  RoleSet operand_registers;
  double leakage_pj_per_cycle = 0.0;
  std::optional<double> area_um2;  ///< one unit
  bool operator==(const ComputeEngine&) const = default;

  /// Cycles of one unit for one MAC (< 1 when several fit in a cycle), as a fraction
  /// cycles/macs so that products stay exact.
  struct Rate {
    std::int64_t cycles = 1;
    std::int64_t macs = 1;
    bool operator==(const Rate&) const = default;
  };
  /// Errors (as empty): widths that the engine cannot compute.
  [[nodiscard]] std::optional<Rate> rate(int weight_bits, int input_bits) const;
  [[nodiscard]] double mac_energy_pj_at(int weight_bits, int input_bits) const;
};

/// Which choices of counting apply (see docs/model.md). Defaults = `exact`.
struct CountingRules {
  bool halo_reuse = true;          ///< words already in the tile are not fetched again
  bool fetch_stride_gaps = false;  ///< bounding boxes instead of the words really used
  bool fetch_padding = false;
  bool skip_first_partial_sum_read = true;
  bool count_drain_reads = true;  ///< outputs read out of a buffer on their way up cost a read
  /// Tiles of weights and inputs are boxes: overlap is kept along one axis at a time (with
  /// `halo_reuse`), only equal boxes are multicast, and a forwarded box comes from a neighbour on
  /// the mesh.
  bool box_tiles = false;
  bool read_back_to_all = false;  ///< partial sums read back go to every instance that adds to them
  bool hide_transfers = false;  ///< cycles = the busiest of compute and ports; fills cost no stall
  /// Every transfer of a tile takes whole cycles of the ports; the first tiles come before
  /// computing and the last outputs leave after it.
  bool whole_transfers = false;
  /// An output that arrives once, finished, is not read before, even where first partial sums are.
  bool skip_only_update_read = false;
  /// Every turn of a loop above a tile moves the tile, even one that stays the same: what a level
  /// keeps is said by where the loops stand.
  bool move_every_turn = false;
  bool operator==(const CountingRules&) const = default;
};

/// LUT and BRAM estimate of FPGA engines (BISMO); absent for others.
struct FpgaResources {
  double lut = 0.0;
  std::int64_t bram36 = 0;
  bool operator==(const FpgaResources&) const = default;
};

/// An accelerator: levels from DRAM inward, then the compute engine. Regular value, valid once
/// made.
class Accelerator {
 public:
  struct Fields {
    std::string name;
    std::string description;
    std::string source;        ///< where the numbers come from
    std::string technology;    ///< "65 nm" or "normalised"
    std::string energy_table;  ///< name of the one energy table all numbers come from
    double clock_mhz = 200.0;
    int partial_sum_bits = 32;        ///< accumulator width wherever partial sums are stored
    int float_bits = 16;              ///< width that stands for an uncompressed value
    std::vector<MemoryLevel> levels;  ///< >= 1; the first keeps everything
    ComputeEngine engine;
    CountingRules counting;
    std::optional<FpgaResources> fpga;
    bool operator==(const Fields&) const = default;
  };

  /// Errors  no level, first level with limited capacity or not keeping every role, duplicate
  ///         names, sizes < 1, negative energies, ...; all at once.
  [[nodiscard]] static Expected<Accelerator> make(Fields fields);

  [[nodiscard]] const Fields& fields() const noexcept { return fields_; }
  [[nodiscard]] const std::string& name() const noexcept { return fields_.name; }
  [[nodiscard]] const std::vector<MemoryLevel>& levels() const noexcept { return fields_.levels; }
  [[nodiscard]] const ComputeEngine& engine() const noexcept { return fields_.engine; }
  /// Instances of a level (product of the fan-outs above it), and of the compute units.
  [[nodiscard]] std::int64_t instances(LevelIndex level) const;
  [[nodiscard]] std::int64_t compute_units() const;
  /// Stable text of everything that matters for cost: the cache key.
  [[nodiscard]] std::string key() const;

  bool operator==(const Accelerator&) const = default;

 private:
  explicit Accelerator(Fields fields) : fields_(std::move(fields)) {}
  Fields fields_;
};

/// Registry of the accelerators shipped in accelerators/*.yaml (compiled in).
struct BuiltinAccelerator {
  std::string name;
  std::string description;
};
[[nodiscard]] std::vector<BuiltinAccelerator> builtin_accelerators();

/// ARCH of the command line: a built-in name or a YAML file.
/// Errors  every problem in the file at once, with line and key and the nearest known name.
[[nodiscard]] Expected<Accelerator> load_accelerator(const std::string& name_or_file);
/// Errors as load_accelerator; `origin` names the text in messages.
[[nodiscard]] Expected<Accelerator> parse_accelerator(const std::string& yaml_text,
                                                      const std::string& origin);

}  // namespace hwflow::chip
