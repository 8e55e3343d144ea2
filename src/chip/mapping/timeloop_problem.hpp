#pragma once

#include "chip/arch/foreign_map.hpp"
#include "chip/mapping/layer_input.hpp"

namespace hwflow::chip::timeloop {

/// `problem:` of Timeloop 0.3 or 0.4: the shape cnn-layer, or data spaces with projections.
/// Everything has the widths `bits`: Timeloop counts words.
[[nodiscard]] Expected<WorkloadInput> read_problem(const Documents& documents,
                                                   const LayerBits& bits);

/// The letter of a dimension: M for output channels, capital letters for all others.
[[nodiscard]] std::string dimension_name(Dim dim);
/// The inverse; none for other names.
[[nodiscard]] std::optional<Dim> dimension_of(std::string_view name);
[[nodiscard]] ForeignText write_problem(const Layer& layer, Format format);

}  // namespace hwflow::chip::timeloop
