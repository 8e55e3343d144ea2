#pragma once

#include "chip/overlay/overlay_search.hpp"
#include "study/hardware_space.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// Bit-serial overlays: every plan is priced on every design of the space (chip::OverlaySearch).
///
/// Sizes: dm, dk, dn, bm, bn, and the place of the schedule rule in OverlaySpaceOptions::rules.
/// Energy is not modelled: 0.
class OverlaySpace final : public HardwareSpace {
 public:
  /// Errors  everything wrong with lists, reference and device; placed at keys of the options.
  [[nodiscard]] static Expected<std::unique_ptr<OverlaySpace>> make(
      Network network, const LoweringOptions& lowering, const OverlaySpaceOptions& options,
      std::vector<HardwareObjective> objectives);

  [[nodiscard]] std::vector<std::string> size_names() const override;
  [[nodiscard]] std::string describe(const DesignSizes& sizes) const override;
  [[nodiscard]] std::int64_t size() const override;
  [[nodiscard]] double clock_mhz() const override { return options_.clock_mhz; }
  [[nodiscard]] Expected<std::optional<std::vector<std::vector<DesignPoint>>>> fronts(
      std::span<const CompressionPlan> plans, int threads, const std::stop_token& stop) override;
  [[nodiscard]] DesignSizes reference() const override;
  [[nodiscard]] Expected<DesignPoint> point(const CompressionPlan& plan,
                                            const DesignSizes& sizes) override;
  [[nodiscard]] HardwareCost cost(const CompressionPlan& plan, const DesignSizes& sizes) override;
  [[nodiscard]] PlanSchedule schedule(const CompressionPlan& plan,
                                      const DesignSizes& sizes) override;
  [[nodiscard]] std::vector<std::string> energy_components() const override { return {}; }
  [[nodiscard]] std::vector<std::string> level_names() const override { return {"DRAM"}; }

 private:
  OverlaySpace(Network network, const LoweringOptions& lowering, const OverlaySpaceOptions& options,
               std::vector<HardwareObjective> objectives, chip::OverlaySearch search);
  [[nodiscard]] std::vector<Layer> layers(const CompressionPlan& plan) const;
  [[nodiscard]] std::vector<double> values(double cycles, double dram_bits, double lut,
                                           double bram) const;

  Network network_;  // whole: plans that remove channels are refused (check_study)
  LoweringOptions lowering_;
  OverlaySpaceOptions options_;
  chip::OverlaySearch search_;
  chip::OverlayObjectives counted_;
};

/// Problems of the options by themselves, each at its key ("dm[2]", "reference.bm", ...).
[[nodiscard]] Diagnostics check(const OverlaySpaceOptions& options);

}  // namespace hwflow::study
