#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <variant>
#include <vector>

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::chip {

/// All sizes from `least_bits` to `most_bits`, searched from the largest down.
struct BufferRange {
  std::int64_t least_bits = 0, most_bits = 0;
  /// Where points are proved, for every size of the range one of them holds at most (1 + step)
  /// times as many bits and costs no more. 0: no point is missing.
  double step = 0.1;
};
/// Bits; searched one by one from the largest down.
using BufferSizes = std::vector<std::int64_t>;

struct BufferSweep {
  std::variant<BufferSizes, BufferRange> sizes;
  std::optional<bool> double_buffered;  ///< in place of the machine's
};

/// A network fused with a buffer of `buffer_bits`. The partition is as good with any size from
/// `peak_bits` on, and so is its lower bound at every size up to `buffer_bits`.
struct BufferPoint {
  std::int64_t buffer_bits = 0;
  std::int64_t peak_bits =
      0;                      ///< that some group or layer of it holds; weights with it in one pool
  bool is_dominated = false;  ///< another point holds no more and costs no more
  FusionMachine machine;
  NetworkFusion fusion;
};

struct BufferFront {
  std::vector<BufferPoint> points;  ///< by falling size of the buffer
  /// The largest size searched with which nothing fits: nor does it with any smaller one.
  std::optional<std::int64_t> too_small_bits;
  bool is_complete = true;  ///< false: stopped; smaller sizes than those of `points` are missing
  double seconds = 0.0;
};

/// Called now and then from one thread: the size searched, points found, slices searched for it.
using BufferProgress =
    std::function<void(std::int64_t buffer_bits, std::size_t points, std::int64_t slices)>;

/// The cheapest partitions of a network by size of the buffer that keeps feature maps (a buffer of
/// its own for weights stays as it is). Every point is what fuse_network() finds with that buffer:
/// value, bound and certificate are equal wherever the mapper proves the layers by themselves,
/// which else may be better, as what was proved for a larger buffer and fits is kept. Limits of
/// time hold for every size. The result does not depend on the number of threads.
/// Errors  as make_fusion_machine() and, for the largest size, fuse_network().
[[nodiscard]] Expected<BufferFront> fuse_buffers(const FusionGraph& graph,
                                                 const Accelerator& accelerator,
                                                 const BufferSweep& sweep,
                                                 const FusionOptions& options,
                                                 const BufferProgress& progress = {},
                                                 const std::stop_token& stop = {});

/// Bits of the buffer for feature maps that a partition holds at most; without those of weights
/// where these have a buffer of their own.
[[nodiscard]] std::int64_t peak_bits(const NetworkFusion& fusion, const FusionMachine& machine);

}  // namespace hwflow::chip
