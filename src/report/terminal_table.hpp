#pragma once

#include <string>
#include <vector>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Baselines, picks and the front as a table of plain text, then the headline. At most
/// `most_front_rows` of the front, evenly spread; a line says how many were left out.
[[nodiscard]] std::string terminal_table(const study::CodesignResult& result,
                                         std::size_t most_front_rows = 12);

/// Columns lined up: the first to the left, the others to the right. The first row is the header.
[[nodiscard]] std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace hwflow::report
