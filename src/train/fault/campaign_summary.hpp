#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/fault/campaign.hpp"

namespace hwflow::train::fault {

/// Outcomes that have something in common. -1: whatever it is.
struct RateGroup {
  int site = -1;  ///< as Site
  std::int64_t node = -1;
  int bit = -1;
  Rate rate;
};

enum class GroupBy : std::uint8_t { site, layer, bit, layer_and_bit };

/// Rates of the strata of a space by site and what else is asked for, in the order of the space;
/// groups that no fault was drawn of are there, too.
[[nodiscard]] std::vector<RateGroup> rates_by(const FaultSpace& space,
                                              std::span<const Outcome> outcomes, GroupBy by,
                                              double confidence);

/// Of all outcomes of a space. Of several sites each counts by its share of all faults, whatever
/// was drawn of it, and so do the ends of its interval.
[[nodiscard]] Rate overall_rate(const FaultSpace& space, std::span<const Outcome> outcomes,
                                double confidence);

/// Indices of the `count` faults that change the most classes, the worst first; none that changes
/// nothing.
[[nodiscard]] std::vector<std::size_t> worst_faults(std::span<const Outcome> outcomes,
                                                    std::size_t count);

}  // namespace hwflow::train::fault
