#pragma once

#include <optional>
#include <string>

#include "chip/fusion/buffer_front.hpp"
#include "cli/command.hpp"
#include "cli/fusion_output.hpp"

namespace hwflow::cli {

/// --buffers and --buffer-step.
struct BufferArguments {
  std::string sizes;  ///< "32KiB,64KiB", or a range "32KiB:2MiB"
  std::optional<double> step;
};

/// What --buffers asks for; plain numbers are bits. Adds what is wrong to `problems`.
[[nodiscard]] chip::BufferSweep buffer_sweep(const BufferArguments& arguments,
                                             Diagnostics& problems);

/// Fuses with every size and writes the table, --json and --out; returns the exit code.
int run_fuse_buffers(const chip::FusionGraph& graph, const chip::Accelerator& accelerator,
                     const chip::BufferSweep& sweep, const chip::FusionOptions& options,
                     const GlobalOptions& global, FusionTitle title);

}  // namespace hwflow::cli
