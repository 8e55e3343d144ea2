#pragma once

#include <filesystem>
#include <string>

#include "report/charts.hpp"
#include "study/comparison_result.hpp"

/// What is shown of several machines that were searched for one network. Each has a report of its
/// own in the folder of its label.
namespace hwflow::report {

/// {study, tolerance, accelerators: [{label, front, least_energy, ...}], transfers: {energy,
/// latency}, ...}; costs pJ, cycles, bits and MACs.
[[nodiscard]] std::string comparison_json(const study::ComparisonResult& comparison);
/// One row for every plan on the front of a machine; which ones are its best within the tolerance.
[[nodiscard]] std::string comparison_csv(const study::ComparisonResult& comparison);
/// One row for every best plan of a machine on every machine.
[[nodiscard]] std::string transfers_csv(const study::ComparisonResult& comparison);
/// The best plans and the transfers for a terminal.
[[nodiscard]] std::string comparison_text(const study::ComparisonResult& comparison);

/// Search accuracy against a cost: the front of each machine of these two quantities, and its best
/// plan within the tolerance.
[[nodiscard]] std::string comparison_chart(const study::ComparisonResult& comparison,
                                           CostAxis cost);
/// index.html.
[[nodiscard]] std::string comparison_page(const study::ComparisonResult& comparison);

/// index.html, comparison.json, comparison.csv and transfers.csv, each replaced as a whole.
/// Throws  std::ios_base::failure, std::filesystem::filesystem_error.
void write_comparison(const study::ComparisonResult& comparison,
                      const std::filesystem::path& folder);

/// The best plan of a machine by that cost, energy or latency.
[[nodiscard]] std::optional<std::size_t> best_of(const study::ComparedAccelerator& machine,
                                                 study::Objective cost);
/// The uniform plan of greatest widths, which searches measure first.
[[nodiscard]] std::optional<std::size_t> widest_uniform(const study::CodesignResult& result);
/// Does any machine have plans that differ in MACs?
[[nodiscard]] bool macs_differ(const study::ComparisonResult& comparison);
/// "1.083", or "-" where there is none.
[[nodiscard]] std::string ratio_text(const std::optional<study::Transfer>& transfer);

}  // namespace hwflow::report
