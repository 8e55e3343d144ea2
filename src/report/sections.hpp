#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/charts.hpp"
#include "study/codesign_result.hpp"

/// The parts of the HTML page, in their order.
namespace hwflow::report {

/// The style sheet: light, dark and print.
[[nodiscard]] std::string_view page_style();

/// Headline numbers, and what was saved against the uniform baselines.
[[nodiscard]] std::string headline_section(const study::CodesignResult& result);
/// The most accurate plan within each budget; nothing of a study without budgets.
[[nodiscard]] std::string budgets_section(const study::CodesignResult& result);
/// Front, widths, energy and convergence figures.
[[nodiscard]] std::string search_section(const study::CodesignResult& result);
/// Levels of abstraction of the search, with their curves and fronts; nothing when it had one.
[[nodiscard]] std::string levels_section(const study::CodesignResult& result);
/// How well predicted accuracies ranked the plans of each generation; nothing when none were.
[[nodiscard]] std::string surrogate_section(const study::CodesignResult& result);
/// The same in a line of plain text.
[[nodiscard]] std::string surrogate_line(const study::CodesignResult& result);
/// Predicted beside measured failures, and what single flips do; nothing of a study that does not
/// minimise failures.
[[nodiscard]] std::string resilience_section(const study::CodesignResult& result);
/// Plans and designs of a joint search, with its curves; nothing when there was one accelerator.
[[nodiscard]] std::string design_section(const study::CodesignResult& result);
/// Every cost that the study minimises, in its order.
[[nodiscard]] std::vector<CostAxis> objective_axes(const study::CodesignResult& result);
/// A small drawing of 14 by 14 pixels for a legend, and its meaning.
[[nodiscard]] std::string legend_entry(const std::string& shape, const std::string& text);
/// Picks and baselines with their errors, and the paired tests.
[[nodiscard]] std::string plans_section(const study::CodesignResult& result);
/// Every shown plan: layers, roofline, mappings as loop nests.
[[nodiscard]] std::string details_section(const study::CodesignResult& result);
/// What a shown plan leaves of the network and of each layer, against `reference`, which keeps all;
/// nothing of a plan that removes no channels.
[[nodiscard]] std::string pruning_section(const study::CodesignResult& result, std::size_t plan,
                                          std::size_t reference);
/// Network, accelerator, seed, versions, times, effective config.
[[nodiscard]] std::string run_section(const study::CodesignResult& result);

/// A figure with its caption; nothing when the drawing is empty. `legend` and `caption` are HTML.
[[nodiscard]] std::string figure(std::string_view svg, std::string_view legend,
                                 std::string_view caption);
[[nodiscard]] std::string component_legend(const study::CodesignResult& result);

}  // namespace hwflow::report
