#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/fusion/group_cost.hpp"

namespace hwflow::chip {

struct FusionMachineOptions {
  std::optional<std::int64_t> buffer_bits = {};  ///< in place of the machine's
  std::optional<bool> double_buffered = {};      ///< in place of the machine's
};

/// An accelerator seen from the buffer that fused groups live in: the outermost on-chip level that
/// keeps inputs and outputs.
struct FusionMachine {
  Accelerator whole;               ///< as given, with the options
  std::vector<Accelerator> alone;  ///< what a layer by itself may be mapped on: the best counts
  /// From the buffer inward; the buffer is the outermost level, large enough for everything.
  Accelerator inner;
  std::size_t buffer = 1;  ///< level of `whole`
  BufferRoom room;
  std::vector<std::string> notes;
};

/// Where weights bypass the buffer, fused groups keep theirs in it all the same; layers alone may
/// do either.
/// Errors  no such level, several instances of it, inputs and outputs in buffers of their own, a
///         buffer without capacity.
[[nodiscard]] Expected<FusionMachine> make_fusion_machine(const Accelerator& accelerator,
                                                          const FusionMachineOptions& options = {});

}  // namespace hwflow::chip
