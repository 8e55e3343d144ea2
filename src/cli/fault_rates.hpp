#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/fault_page.hpp"
#include "train/fault/campaign_summary.hpp"
#include "train/fault/plain_check.hpp"

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

/// Which of the two it is: "these images", "images like these".
[[nodiscard]] const char* interval_name(bool all_images);
/// json_of(), and of what its interval is, and half of its width as `margin`: of a whole campaign.
void add_overall(nlohmann::ordered_json& json, const train::fault::Rate& rate, bool all_images);
/// "95 % interval of these images 0.1 to 0.2 %, of images like these 0.1 to 0.3 %".
[[nodiscard]] std::string intervals_text(const train::fault::Rate& rate, double confidence);
/// A line.
[[nodiscard]] std::string check_text(const train::fault::PlainCheck& check);

/// Rates lined up; nothing where there is no row. `first`: title of the names.
[[nodiscard]] std::string rate_table(const char* first,
                                     const std::vector<report::NamedFaultRate>& rates);

}  // namespace hwflow::cli
