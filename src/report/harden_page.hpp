#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/fault_page.hpp"

namespace hwflow::report {

/// A share with its interval.
struct IntervalShare {
  double share = 0.0, low = 0.0, high = 1.0;
};

/// A network under flipped bits of one site at one rate.
struct FaultyColumn {
  std::string site;
  double bit_rate = 0.0;
  double upsets = 0.0;  ///< in the mean, of an inference
  IntervalShare failures;
  double accuracy = 0.0;
  std::optional<IntervalShare>
      change;  ///< failures over those of the first model; none: it is that
};
/// A network under attack.
struct AttackedColumn {
  std::string eps;
  IntervalShare accuracy;  ///< of the images that were attacked
};
struct HardenedRow {
  std::string name, file;
  double clean = 0.0;
  std::vector<AttackedColumn> attacked;
  std::vector<FaultyColumn> faulty;
  std::vector<double> scales;  ///< parallel to scale_names, of networks of the same shape; or empty
};

/// Networks without faults, under attack and under faults.
struct HardenReport {
  std::string network, data, version, conditions, training;
  double confidence = 0.95;
  std::vector<HardenedRow> rows;  ///< the others are compared with the first
  std::vector<std::string> scale_names;
  std::vector<std::string> files;
};

/// One HTML page that needs nothing else; what comes from outside is escaped.
[[nodiscard]] std::string harden_page(const HardenReport& report);
/// Failures over the rate of flipped bits of one site, a line for each row, with intervals.
[[nodiscard]] std::string failure_lines_chart(const HardenReport& report, const std::string& site);
/// Scales of every row over those of the first, one slot for each name; logarithmic.
[[nodiscard]] std::string scale_change_chart(const HardenReport& report);

}  // namespace hwflow::report
