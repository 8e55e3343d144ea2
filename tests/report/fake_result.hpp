#pragma once

#include "study/codesign_result.hpp"

namespace hwflow::report_test {

/// A co-design result of a residual network of 20 layers: invented, but of the size and shape of a
/// real one (300 plans, 10 generations, 3 baselines, 3 picks). The same at every call.
[[nodiscard]] study::CodesignResult fake_result();

/// The same, but plan 3, a pick, keeps half of the channels of every layer but the last.
[[nodiscard]] study::CodesignResult pruned_result();

/// The same with half the energy, a third of the latency and both at once of uniform 8/8, the best
/// of each found among all plans, and a tenth of the model, which no plan is within.
[[nodiscard]] study::CodesignResult budgeted_result();

/// The same of a search that minimises failures: of every finished plan and of two of the front 20
/// of a million predicted and 30 measured.
[[nodiscard]] study::CodesignResult resilient_result();

/// The same, found at a coarse, a mid and a fine level: the costs of the first two are a half and
/// three quarters of those in the end, and the coarse level alone hands on plans that are not
/// priced at the fine one.
[[nodiscard]] study::CodesignResult leveled_result();

/// The same on overlays, without energy: a nested search that looked at 400 plans, with three
/// designs for every plan of the front. Costs of design d are (d + 1) times and 1 / (d + 1) of
/// those of the plan.
[[nodiscard]] study::CodesignResult designed_result();
/// As designed_result(), of hostile_result().
[[nodiscard]] study::CodesignResult hostile_designed_result();

/// The same with every plan in three parts: layers 0 to 3 fused, layer 4 by itself, the rest fused.
[[nodiscard]] study::CodesignResult fused_result();

/// As fake_result() with every text from outside replaced by one that tries to break out of HTML,
/// SVG, CSV and the terminal.
[[nodiscard]] study::CodesignResult hostile_result();
/// As hostile_result(), of plans that run fused.
[[nodiscard]] study::CodesignResult hostile_fused_result();
inline constexpr const char* kHostile =
    "</title></svg><script>alert('1')</script>\"&,\x1b[31m\n\x01 \xff";

}  // namespace hwflow::report_test
