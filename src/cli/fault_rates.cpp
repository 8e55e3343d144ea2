#include "cli/fault_rates.hpp"

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/terminal_table.hpp"

namespace hwflow::cli {

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(all);
}

report::FaultRate shown(const train::fault::Rate& rate) {
  return {.faults = rate.faults,
          .inferences = rate.tally.inferences,
          .rate = rate.rate,
          .low = rate.interval.low,
          .high = rate.interval.high,
          .masked = share(rate.tally.masked, rate.tally.inferences)};
}

std::string rate_table(const char* first, const std::vector<report::NamedFaultRate>& rates) {
  if (rates.empty()) return {};
  std::vector<std::vector<std::string>> rows{
      {first, "faults", "class changed", "from", "to", "masked"}};
  for (const report::NamedFaultRate& row : rates) {
    const auto text = [&](double value, int digits) {
      return row.rate.faults == 0 ? std::string("-") : report::percent_text(value, digits);
    };
    rows.push_back({row.name, fmt::format("{}", row.rate.faults), text(row.rate.rate, 2),
                    text(row.rate.low, 2), text(row.rate.high, 2), text(row.rate.masked, 1)});
  }
  return fmt::format("\n{}", report::aligned(rows));
}

}  // namespace hwflow::cli
