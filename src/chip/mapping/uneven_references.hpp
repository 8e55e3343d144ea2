#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapping/reference_cases.hpp"

namespace hwflow::chip::reference {

/// Do the cases of this file have a boundary for every tensor (ZigZag, AccelForge)?
[[nodiscard]] bool holds_uneven_cases(const nlohmann::json& document);

/// Records of ZigZag (`temporal_mapping`, `word16_accesses`) on the built-in machine that `acc`
/// names, and of AccelForge (`nest_outer_to_inner`, `actions`) on the machine D2: DRAM 200 and a
/// buffer of 32768 words 6 for a 16-bit word, one MAC 1. `cases` is a map by id.
/// Loops that do not multiply to the layer's bounds leave a case without a mapping, and say so.
[[nodiscard]] Expected<std::vector<ReferenceCase>> read_uneven_cases(const nlohmann::json& document,
                                                                     const std::string& origin);

}  // namespace hwflow::chip::reference
