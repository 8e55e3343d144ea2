#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Every index of the result lies within what it points into. For the entry points of this room.
/// Errors   InternalError.
void check_result(const study::CodesignResult& result);

/// The widths that most layers of a plan have: those of a baseline whose ends are pinned.
[[nodiscard]] PrecisionPair common_widths(const CompressionPlan& plan);
/// "8/8": common_widths() as text.
[[nodiscard]] std::string widths_text(const PrecisionPair& widths);
/// Mean over the layers, "4.3 / 5.1".
[[nodiscard]] std::string mean_widths_text(const CompressionPlan& plan);

/// What plans were ranked by: "search accuracy", or "proxy (no accuracy)".
[[nodiscard]] std::string search_measure(const study::CodesignResult& result);
/// That number of a plan.
[[nodiscard]] std::string measure_text(const study::CodesignResult& result,
                                       const train::AccuracyEstimate& measured);

/// Points below the best plan that fronts are shown down to: all of a proxy, whose scale says
/// nothing.
[[nodiscard]] double shown_points(const study::CodesignResult& result);

/// Does the hardware have an energy model? Without one energies are 0, and nothing shows them.
[[nodiscard]] bool has_energy(const study::CodesignResult& result);

/// Do plans differ in MACs, because some have fewer channels? Where none does, nothing shows MACs
/// that the study does not minimise.
[[nodiscard]] bool macs_differ(const study::CodesignResult& result);

/// Of a search for designs: the own design of that evaluated plan, a baseline that is shown on the
/// reference. Null: it has none.
[[nodiscard]] const study::OwnDesign* own_design(const study::CodesignResult& result,
                                                 std::size_t evaluated);
/// The headline's saving, against the baseline on its own design.
[[nodiscard]] std::optional<study::Saving> headline_on_own_design(
    const study::CodesignResult& result);
/// "uniform 8/8 on the reference design": the headline's baseline, and where it runs.
[[nodiscard]] std::string headline_baseline(const study::CodesignResult& result);
/// "its own design, the nearest to the limits": where the headline's baseline runs otherwise.
[[nodiscard]] std::string own_design_text(const study::OwnDesign& own);

/// Energy of a shown plan in pJ by component, as CodesignResult::energy_components.
[[nodiscard]] std::vector<double> component_totals(const study::CodesignResult& result,
                                                   const study::PlanDetails& plan);

/// Are the layers of both, which run one after another, the same by name?
[[nodiscard]] bool same_layers(const study::PlanDetails& a, const study::PlanDetails& b);

/// Does a shown plan remove channels?
[[nodiscard]] bool removes_channels(const study::CodesignResult& result,
                                    const study::PlanDetails& plan);
/// Does any evaluated one?
[[nodiscard]] bool removes_channels(const study::CodesignResult& result);

/// The plan that the summary speaks of: the pick of the headline, else the first pick.
[[nodiscard]] std::optional<std::size_t> main_pick(const study::CodesignResult& result);

/// The evaluated uniform baseline of these widths, if there is one.
[[nodiscard]] std::optional<std::size_t> find_baseline(const study::CodesignResult& result,
                                                       int weights, int inputs);

/// Index into result.plans of the plan that shows this evaluated one, if any.
[[nodiscard]] std::optional<std::size_t> details_of(const study::CodesignResult& result,
                                                    std::size_t evaluated);

/// How many plans a level could choose from: "1.3e+21".
[[nodiscard]] std::string space_text(const study::LevelSummary& level);

/// What a pointer over a plan in a figure tells, several lines.
[[nodiscard]] std::string hover_text(const study::CodesignResult& result, std::size_t evaluated);

/// The comparison of the headline's pick with its baseline on the same test images, if both were
/// measured.
[[nodiscard]] std::optional<study::PairedTest> headline_test(const study::CodesignResult& result);
/// "-0.12 points": top1(a) - top1(b).
[[nodiscard]] std::string difference_text(const study::PairedTest& test);
/// "95 % interval -0.36 to +0.12 (Bonett and Price 2012), exact McNemar p = 0.376".
[[nodiscard]] std::string interval_text(const study::PairedTest& test);
/// Both in a sentence with the baseline's name and the number of images; empty without a test.
[[nodiscard]] std::string headline_accuracy(const study::CodesignResult& result);

/// "-" when there is none.
[[nodiscard]] std::string estimate_text(const std::optional<train::AccuracyEstimate>& accuracy);

/// "2,000 confirmation images": what held-out accuracies of re-trained plans are of.
[[nodiscard]] std::string held_out_images_text(const study::CodesignResult& result);

/// What confirmed accuracies are; empty when nothing was confirmed.
[[nodiscard]] std::string confirmation_text(const study::CodesignResult& result);

/// Which networks the test accuracies of plans are of: re-trained or calibrated only.
[[nodiscard]] std::string test_accuracy_text(const study::CodesignResult& result);

/// By which images the headline was chosen among so many picks, and that the test set chose
/// nothing.
[[nodiscard]] std::string headline_caveat(const study::CodesignResult& result);

}  // namespace hwflow::report
