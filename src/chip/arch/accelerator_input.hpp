#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/arch/documents.hpp"
#include "chip/arch/format.hpp"

namespace hwflow::chip {

/// A name that spatial loops of a foreign mapping may stand under, and the part of a fan-out that
/// they spread over.
struct MeshName {
  std::string name;
  LevelIndex level = 0;  ///< the fan-out is the one below this level
  std::int64_t x = 1, y = 1;
  bool operator==(const MeshName&) const = default;
};

/// A machine and what its file said beside it.
struct AcceleratorInput {
  Accelerator accelerator;
  Format format = Format::hwflow;
  std::vector<std::string> notes{};    ///< what was passed over, or chosen
  std::vector<MeshName> mesh_names{};  ///< parts of one fan-out from the outermost inward
};

/// ARCH of the command line: a built-in name, or files of any format, recognised by their content
/// ("arch.yaml" or "arch.yaml,ert.yaml,constraints.yaml").
/// Errors  every problem at once; what a file says and hwflow cannot represent.
[[nodiscard]] Expected<AcceleratorInput> read_accelerator(const std::string& name_or_files);
[[nodiscard]] Expected<AcceleratorInput> read_accelerator(const Documents& documents);

/// The same machine as a file of another format. Timeloop: with an energy reference table (`ERT`).
[[nodiscard]] ForeignText write_accelerator(const Accelerator& accelerator, Format format);

}  // namespace hwflow::chip
