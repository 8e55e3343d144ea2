#pragma once

#include <optional>
#include <span>
#include <vector>

#include "study/hardware_space.hpp"

namespace hwflow::study {

/// Which plans are worth measuring: those that some design runs within the limits.
///
/// The limits are shares of what the reference costs; they also make the box in which fronts are
/// compared: its volume is 1.
class DesignGate {
 public:
  /// reference  what the reference design costs with its plan, as the objectives; all > 0
  /// targets    shares of it, as the objectives; none given: 1 everywhere, and a design must be
  ///            better than the reference somewhere
  DesignGate(std::vector<double> reference, std::vector<std::optional<double>> targets);

  struct Verdict {
    bool passes = false;
    /// Least sum, over the designs of the front, of what costs exceed their limits by, as shares of
    /// the limits; 0 when a design meets them all. None: no design runs the plan.
    std::optional<double> violation;
    std::optional<DesignPoint> nearest;  ///< the first design of that sum
    /// Share of the box that the front dominates.
    double volume = 0.0;
    std::vector<DesignPoint> inside;  ///< designs that pass
  };
  /// `front`: designs of a plan, none of them dominated; of none: no design runs the plan.
  [[nodiscard]] Verdict judge(std::span<const DesignPoint> front) const;

  /// Costs in units of the limits: within the box when none is above 1.
  [[nodiscard]] std::vector<double> scaled(const DesignPoint& point) const;
  /// Corner of the box in these units, a hair beyond 1 so that a design at a limit counts.
  [[nodiscard]] std::vector<double> corner() const;
  [[nodiscard]] const std::vector<double>& reference() const noexcept { return reference_; }
  [[nodiscard]] const std::vector<double>& limits() const noexcept { return limits_; }

 private:
  [[nodiscard]] bool passes(const DesignPoint& point) const;

  std::vector<double> reference_, limits_;
  bool must_improve_ = true;
};

}  // namespace hwflow::study
