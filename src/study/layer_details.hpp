#pragma once

#include <string>
#include <vector>

#include "chip/mapper/mapper.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::study {

/// "k16 c3 p32 q32 r3 s3 stride 2": bounds above 1, output channels first.
[[nodiscard]] std::string shape_text(const Operator& op);

/// Level names from DRAM inward, then NoC, MAC and leakage.
[[nodiscard]] std::vector<std::string> energy_components(const chip::Accelerator& accelerator);

/// MACs that all units do per cycle at the widths of a layer; 0: it has none, or they cannot.
[[nodiscard]] double peak_macs_per_cycle(const chip::Accelerator& accelerator, const Layer& layer);

[[nodiscard]] NetworkSize size_of(const Network& network);

/// Tells a layer which of the plan's it is, and its channels. `left` is what the plan leaves of
/// `whole`: the same nodes.
void place_layer(LayerDetails& layer, NodeId node, const Network& left, const Network& whole);

/// One mapped layer for the report, not placed yet.
[[nodiscard]] LayerDetails describe_layer(const Layer& layer, const chip::Accelerator& accelerator,
                                          const chip::MappingResult& result);

}  // namespace hwflow::study
