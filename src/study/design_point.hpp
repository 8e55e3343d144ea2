#pragma once

#include <vector>

namespace hwflow::study {

/// Sizes of a design, as HardwareSpace::size_names().
using DesignSizes = std::vector<double>;

/// A design and what a plan costs on it.
struct DesignPoint {
  DesignSizes sizes;
  std::vector<double> costs;  ///< as HardwareSpace::objectives(), all minimised
  bool operator==(const DesignPoint&) const = default;
};

}  // namespace hwflow::study
