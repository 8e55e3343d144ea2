#pragma once

#include <cstdint>

namespace hwflow::study {

/// 0 of nothing.
[[nodiscard]] constexpr double share_of(double part, double whole) {
  return whole > 0.0 ? part / whole : 0.0;
}

/// What one inference (the batch of the study file) costs on the accelerator.
struct HardwareCost {
  double energy_pj = 0.0;  ///< 0 where energy is not modelled: CodesignResult::energy_components
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  std::int64_t model_bits = 0;  ///< weights of all compute layers at their widths
  std::int64_t macs = 0;        ///< of all layers that are priced; the same for every width
  double failure_rate = 0.0;    ///< expected failures of an image; 0 where nothing predicts them
  bool operator==(const HardwareCost&) const = default;
};

}  // namespace hwflow::study
