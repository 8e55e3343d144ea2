#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/fpga_resources.hpp"

namespace hwflow::chip {

/// When the pipeline of the execute stage has to fill again.
enum class PipelineFill : std::uint8_t {
  per_run,   ///< for every run instruction, one pair of bit planes: stages that wait for each one
  per_sync,  ///< when the stage waits for a token: once for a result tile, or a chunk that streams
  hidden,    ///< once for a product
};
[[nodiscard]] std::string_view name(PipelineFill fill);

/// Where windows become columns of the right-hand matrix.
enum class Im2col : std::uint8_t {
  in_dram,  ///< in DRAM: every window is stored and read whole, as the overlay's runtime does
  on_chip,  ///< on the way in: reading all inputs once costs what they are stored in, however wide
            ///< the windows; the line buffers that this takes are not priced
};
[[nodiscard]] std::string_view name(Im2col im2col);

/// Width at which results leave the overlay.
enum class ResultWidth : std::uint8_t {
  accumulator,  ///< 32 bits
  outputs,      ///< that of the layer's outputs: quantized on the way out
};
[[nodiscard]] std::string_view name(ResultWidth width);

/// Which of the schedules of a product is taken. All layers of a network follow one rule.
enum class ScheduleRule : std::uint8_t {
  cycles,    ///< fewest cycles, then fewest DRAM bits: no schedule of the network is faster
  dram,      ///< fewest DRAM bits, then fewest cycles: none moves less
  balanced,  ///< fewest cycles + words moved over the DRAM channels, then as `cycles`: a word is
             ///< worth the cycle that it keeps its channel busy
};
[[nodiscard]] std::string_view name(ScheduleRule rule);

/// What does not differ between the designs of a search.
struct OverlayOptions {
  BismoModel model = BismoModel::trets19;  ///< LUTs, depth of the pipeline, order of bit planes
  PipelineFill fill = PipelineFill::per_run;
  Im2col im2col = Im2col::in_dram;
  ResultWidth result_width = ResultWidth::accumulator;
  std::int64_t fetch_channel_bits = 64;   ///< read in one cycle
  std::int64_t result_channel_bits = 64;  ///< written in one cycle, at the same time
  std::int64_t regions = 4;  ///< parts of a tile memory that take turns being filled, >= 2
  std::int64_t stripe_bytes = 32'768;  ///< most that one fetch brings, all planes of a stripe
  double base_lut = 0.0;  ///< of what the published models leave out: stages, DMA, queues
  std::int64_t base_bram36 = 0;
  bool operator==(const OverlayOptions&) const = default;
};

/// Everything wrong with the options; places are the names of the members.
[[nodiscard]] Diagnostics validate(const OverlayOptions& options);

/// Cycles from the first address to the accumulator.
///     3 (tile memory) + 1 (broadcast) + unit;  unit = 3 + depth of the compressor tree (trets19),
///     8 + log2 of the 36-bit population counters (fpl18)
/// Source  EECS-NTNU/bismo: ExecStage, DotProductArray, DotProductUnit, BlackBoxCompressor.scala at
///         0095011 (2020); DotProductUnit, PopCountUnit.scala at fd69f89 (2018) for fpl18.
/// `dk`    64, 128, 256 or 512 (32 too).
[[nodiscard]] std::int64_t pipeline_depth(BismoModel model, std::int64_t dk);

/// Everything that keeps a design from being built or run: sizes of the array outside 1..256, dk
/// other than 32, 64, 128, 256, 512 or not a power of two times the fetch channel, memories of more
/// than 2^16 entries or fewer than there are regions, one word of all rows above `stripe_bytes`.
///
/// The published generator also wants rows of results (dm x 32 bits) to be whole words of the
/// channel, so dm even; here a result tile is rounded up to whole words, whatever dm.
/// Source  BISMO.scala, BISMOLimits.scala, ResultStage.scala of EECS-NTNU/bismo at 0095011.
[[nodiscard]] Diagnostics validate(const BismoShape& design, const OverlayOptions& options);

/// LUTs and block RAMs, the base included. `design` is valid.
[[nodiscard]] FpgaResources overlay_resources(const BismoShape& design,
                                              const OverlayOptions& options);

/// All designs with one value of each list.
struct DesignSpace {
  std::vector<std::int64_t> dm = default_rows();
  std::vector<std::int64_t> dk = {64, 128, 256, 512};
  std::vector<std::int64_t> dn = default_rows();
  std::vector<std::int64_t> bm = default_entries();
  std::vector<std::int64_t> bn = default_entries();
  bool operator==(const DesignSpace&) const = default;

  [[nodiscard]] std::size_t size() const {
    return dm.size() * dk.size() * dn.size() * bm.size() * bn.size();
  }
  [[nodiscard]] static std::vector<std::int64_t> default_rows();     ///< 1..16
  [[nodiscard]] static std::vector<std::int64_t> default_entries();  ///< 1024 2^i, i = 0..5
};

/// Empty lists, values that are not in ascending order, and values that no design could have.
[[nodiscard]] Diagnostics validate(const DesignSpace& space, const OverlayOptions& options);

}  // namespace hwflow::chip
