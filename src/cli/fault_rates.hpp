#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/fault_page.hpp"
#include "train/fault/campaign.hpp"

namespace hwflow::cli {

/// part / all, 0 of nothing.
[[nodiscard]] double share(std::int64_t part, std::int64_t all);

/// As pages show it.
[[nodiscard]] report::FaultRate shown(const train::fault::Rate& rate);

/// Rates lined up; nothing where there is no row. `first`: title of the names.
[[nodiscard]] std::string rate_table(const char* first,
                                     const std::vector<report::NamedFaultRate>& rates);

}  // namespace hwflow::cli
