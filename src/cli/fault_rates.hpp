#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/fault_page.hpp"
#include "train/fault/campaign_summary.hpp"

namespace hwflow::cli {

/// part / all, 0 of nothing.
[[nodiscard]] double share(std::int64_t part, std::int64_t all);

/// The interval that tables show. `all_images`: the run took every image of the test set, which is
/// then no sample.
[[nodiscard]] const train::fault::Interval& shown_interval(const train::fault::Rate& rate,
                                                           bool all_images);
/// As pages show it.
[[nodiscard]] report::FaultRate shown(const train::fault::Rate& rate, bool all_images);
/// Counts, shares and both intervals; `low` and `high` are of the one that is shown.
[[nodiscard]] nlohmann::ordered_json json_of(const train::fault::Rate& rate, bool all_images);

/// Rates lined up; nothing where there is no row. `first`: title of the names.
[[nodiscard]] std::string rate_table(const char* first,
                                     const std::vector<report::NamedFaultRate>& rates);

}  // namespace hwflow::cli
