#pragma once

#include <string>

#include "chip/mapping/layer_input.hpp"

namespace hwflow::chip::zigzag {

/// Is this document a list of layers with equations?
[[nodiscard]] bool is_workload(const schema::Value& document);

/// Layers of a workload: equation, dimension relations, loop sizes and widths of every operand.
[[nodiscard]] Expected<WorkloadInput> read_workload(const Documents& documents);
/// OY, OX, FY, FX, B, K, C, G.
[[nodiscard]] std::string dimension_name(Dim dim);
[[nodiscard]] ForeignText write_layer(const Layer& layer);

}  // namespace hwflow::chip::zigzag
