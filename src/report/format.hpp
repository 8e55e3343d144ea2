#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "train/quant/backend.hpp"

namespace hwflow::report {

/// A unit for all numbers of one axis or column: shown = raw * factor.
struct Unit {
  double factor = 1.0;
  std::string name;
};
/// The unit in which `largest` reads as 1 to 999.
[[nodiscard]] Unit energy_unit(double largest_pj);
[[nodiscard]] Unit time_unit(double largest_seconds);
[[nodiscard]] Unit bytes_unit(double largest_bits);  ///< raw is bits; kB = 1000 bytes
[[nodiscard]] Unit macs_unit(double largest);

/// Three significant digits and a unit: "12.3 uJ" with the micro sign, "1.40 MB".
[[nodiscard]] std::string energy_text(double pj);
[[nodiscard]] std::string time_text(double seconds);
[[nodiscard]] std::string bytes_text(double bits);
[[nodiscard]] std::string macs_text(double macs);  ///< "12.3 MMAC": millions of MACs
/// 0.1234 as "12.3 %"; with a sign where `sign` is set.
[[nodiscard]] std::string percent_text(double share, int digits = 1, bool sign = false);
/// How many times less `part` is: "2.00x"; "-" of nothing.
[[nodiscard]] std::string times_less_text(double whole, double part);
/// "91.23 ± 0.28 %" (one standard error).
[[nodiscard]] std::string accuracy_text(const train::AccuracyEstimate& accuracy);
/// "1 234 567" with narrow no-break spaces.
[[nodiscard]] std::string count_text(std::int64_t count);
/// Three significant digits without exponent where that is short: "0.00123", "12.3", "4560".
[[nodiscard]] std::string number_text(double x);

/// `cycles` at `clock_mhz` in seconds; 0 when there is no clock.
[[nodiscard]] double seconds_of(std::int64_t cycles, double clock_mhz);

/// Text for HTML and SVG, in elements and in quoted attributes; control characters that XML
/// forbids become the replacement character, and so do bytes that are no UTF-8.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace hwflow::report
