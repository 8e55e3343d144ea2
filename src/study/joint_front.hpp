#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "study/design_gate.hpp"

namespace hwflow::study {

/// A plan with its accuracy and the designs that may run it.
struct PlanDesigns {
  double harm = 0.0;  ///< share of the accuracy that a plan may lose against a perfect one
  std::span<const DesignPoint> designs;
};

/// One design for one plan.
struct PlanDesign {
  std::size_t plan = 0, design = 0;  ///< into what joint_front() was given
  bool operator==(const PlanDesign&) const = default;
};

/// Pairs of plans and designs that no other pair is at least as good as, in accuracy and all costs;
/// of equal pairs one.
struct JointFront {
  std::vector<PlanDesign> pairs;  ///< by rising harm, then costs
  /// Share of the box (of harm below 1 and the gate's limits) that they dominate.
  double volume = 0.0;
};

/// `plans`: harms of 0 or more. Pairs beyond the box do not count.
[[nodiscard]] JointFront joint_front(std::span<const PlanDesigns> plans, const DesignGate& gate);

}  // namespace hwflow::study
