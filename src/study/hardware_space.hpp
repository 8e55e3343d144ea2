#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "study/codesign_result.hpp"
#include "study/design_point.hpp"
#include "study/hardware_search_options.hpp"

namespace hwflow::study {

/// Designs that a plan may run on: the plug-in point of hardware.search.space.
///
/// What is worked out for one plan is used for others. Results do not depend on threads or on the
/// order of the plans.
class HardwareSpace {
 public:
  explicit HardwareSpace(std::vector<HardwareObjective> objectives)
      : objectives_(std::move(objectives)) {}
  virtual ~HardwareSpace() = default;
  HardwareSpace(const HardwareSpace&) = delete;
  HardwareSpace& operator=(const HardwareSpace&) = delete;

  [[nodiscard]] const std::vector<HardwareObjective>& objectives() const { return objectives_; }
  /// "dm", "dk", ...: what a design consists of.
  [[nodiscard]] virtual std::vector<std::string> size_names() const = 0;
  /// "8 x 64 x 8, 4096 / 4096 entries"
  [[nodiscard]] virtual std::string describe(const DesignSizes& sizes) const = 0;
  /// Designs in all.
  [[nodiscard]] virtual std::int64_t size() const = 0;
  [[nodiscard]] virtual double clock_mhz() const = 0;

  /// For every plan the designs that no other one of the space dominates; none of them when no
  /// design runs the plan. No fronts at all when stopped.
  /// Errors  layers that are beyond the model of the space, whatever the design.
  [[nodiscard]] virtual Expected<std::optional<std::vector<std::vector<DesignPoint>>>> fronts(
      std::span<const CompressionPlan> plans, int threads, const std::stop_token& stop) = 0;

  /// The design that others are compared with.
  [[nodiscard]] virtual DesignSizes reference() const = 0;
  /// A plan on any design, of the space or not.
  /// Errors  layers that the design cannot run, each by name.
  [[nodiscard]] virtual Expected<DesignPoint> point(const CompressionPlan& plan,
                                                    const DesignSizes& sizes) = 0;
  /// The same in the units of the report. A plan that point() refuses is a bug.
  [[nodiscard]] virtual HardwareCost cost(const CompressionPlan& plan,
                                          const DesignSizes& sizes) = 0;
  /// How the plan runs there, layer by layer.
  [[nodiscard]] virtual PlanSchedule schedule(const CompressionPlan& plan,
                                              const DesignSizes& sizes) = 0;
  /// As HardwareModel::energy_components(), and the levels of LayerDetails::traffic_bits.
  [[nodiscard]] virtual std::vector<std::string> energy_components() const = 0;
  [[nodiscard]] virtual std::vector<std::string> level_names() const = 0;

 private:
  std::vector<HardwareObjective> objectives_;
};

}  // namespace hwflow::study
