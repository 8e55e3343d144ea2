#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "report/format.hpp"
#include "study/codesign_result.hpp"

/// The figures of the report, each one SVG drawing. They need the classes of page_style().
namespace hwflow::report {

enum class CostAxis : std::uint8_t { energy, latency, dram, model_size, macs, failure_rate };
/// "energy", "latency", "DRAM traffic", "model size", "MACs", "failures".
[[nodiscard]] std::string_view name(CostAxis axis);

/// What the axis shows of a cost: pJ, seconds, bits, MACs or failures an inference.
[[nodiscard]] double cost_of(const study::HardwareCost& hardware, CostAxis axis, double clock_mhz);
/// The unit of an axis on which `largest` is the largest of these.
[[nodiscard]] Unit unit_of(CostAxis axis, double largest);

/// Search accuracy against a cost: every evaluated plan, the front, baselines and picks.
[[nodiscard]] std::string front_chart(const study::CodesignResult& result, CostAxis cost);

/// Energy of every shown plan, stacked by component.
[[nodiscard]] std::string energy_by_plan_chart(const study::CodesignResult& result);

/// Widths of every shown plan, one row of cells for weights and one for inputs.
[[nodiscard]] std::string width_chart(const study::CodesignResult& result);

/// Widths over stacked energy, layer by layer, of one shown plan; the outline is `reference`,
/// where the layers match.
[[nodiscard]] std::string layer_chart(const study::CodesignResult& result, std::size_t plan,
                                      std::size_t reference);

/// Channels of every layer that a shown plan keeps, before those of the whole network, over its
/// energy before that in `reference`, where the layers match; over its latency where energy is not
/// modelled.
[[nodiscard]] std::string channel_chart(const study::CodesignResult& result, std::size_t plan,
                                        std::size_t reference);

/// Widths of every layer over stacked energy of the groups that they belong to, of one shown plan
/// that runs fused; empty for others.
[[nodiscard]] std::string group_chart(const study::CodesignResult& result, std::size_t plan);

/// Speed against arithmetic intensity (DRAM), with the roofs of array and DRAM.
[[nodiscard]] std::string roofline_chart(const study::CodesignResult& result, std::size_t plan);

/// Hypervolume by generation.
[[nodiscard]] std::string convergence_chart(const study::CodesignResult& result);

/// Hypervolume by accuracy evaluations of a search over several levels of abstraction: by the costs
/// of the last level, and dashed by those of each level's own model.
[[nodiscard]] std::string level_curves_chart(const study::CodesignResult& result);

/// The front of each level, its costs by its own model: what finer models add.
[[nodiscard]] std::string level_fronts_chart(const study::CodesignResult& result, CostAxis cost);

/// Class of the i-th energy component's colour.
[[nodiscard]] std::string component_class(std::size_t component);
inline constexpr std::size_t kComponentColours = 8;

}  // namespace hwflow::report
