#pragma once

#include <cstddef>
#include <string>

#include "study/codesign_result.hpp"

/// Figures of a search for plans and designs (CodesignResult::hardware_search, which must be
/// there).
namespace hwflow::report {

/// Accuracy of every plan of a pair against the least that its designs within the limits cost in
/// one objective, an index into HardwareSearchSummary::objectives.
[[nodiscard]] std::string pairs_chart(const study::CodesignResult& result, std::size_t objective);

/// Hypervolume by accuracy evaluations, or by seconds.
enum class CurveAxis : std::uint8_t { evaluations, seconds };
[[nodiscard]] std::string pair_curve_chart(const study::CodesignResult& result, CurveAxis axis);

/// Widths of every layer of a shown plan over its latency and its DRAM traffic.
[[nodiscard]] std::string layer_costs_chart(const study::CodesignResult& result, std::size_t plan);

/// "12.3 ms", "1.40 MB", "15.3 k" (LUTs), ... of an objective by its name.
[[nodiscard]] std::string design_cost_text(const study::CodesignResult& result,
                                           std::size_t objective, double cost);
/// "latency", "DRAM traffic", "LUTs", "block RAMs", "energy", "area".
[[nodiscard]] std::string design_cost_name(const std::string& objective);

}  // namespace hwflow::report
