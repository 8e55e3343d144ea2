#include "cli/inject_array_output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/enum_names.hpp"
#include "base/version.hpp"
#include "cli/fault_rates.hpp"
#include "report/fault_page.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;

Rate overall(const ArrayOutcome& outcome) {
  return rate_of(outcome.outcomes, outcome.confidence, outcome.population);
}

double inferences_per_second(const ArrayOutcome& outcome) {
  return static_cast<double>(overall(outcome).tally.inferences) / outcome.seconds;
}

/// Of the faults that `is_of` takes.
template <class IsOf>
report::FaultRate rate_where(const ArrayOutcome& outcome, const IsOf& is_of) {
  std::vector<Outcome> chosen;
  for (std::size_t f = 0; f < outcome.faults.size(); ++f)
    if (is_of(outcome.faults[f])) chosen.push_back(outcome.outcomes[f]);
  return shown(rate_of(chosen, outcome.confidence, 0));
}

report::FaultRate rate_of_unit(const ArrayOutcome& outcome, std::size_t unit) {
  return rate_where(outcome, [&](const ArrayFault& fault) { return fault.unit == unit; });
}

std::vector<report::NamedFaultRate> by_register(const ArrayOutcome& outcome) {
  std::vector<report::NamedFaultRate> rows;
  for (const Register place : outcome.array.registers)
    for (const Effect effect : outcome.effects)
      rows.push_back({fmt::format("{} {}", enum_name(place), enum_name(effect)),
                      rate_where(outcome, [&](const ArrayFault& fault) {
                        return fault.place == place && fault.effect == effect;
                      })});
  return rows;
}

std::vector<report::NamedFaultRate> by_bit(const ArrayOutcome& outcome) {
  int bits = 0;
  for (const ArrayFault& fault : outcome.faults) bits = std::max(bits, fault.bit + 1);
  std::vector<report::NamedFaultRate> rows;
  for (const Register place : outcome.array.registers)
    for (int bit = 0; bit < bits; ++bit) {
      const report::FaultRate rate = rate_where(outcome, [&](const ArrayFault& fault) {
        return fault.place == place && fault.bit == bit;
      });
      if (rate.faults > 0) rows.push_back({fmt::format("{} bit {}", enum_name(place), bit), rate});
    }
  return rows;
}

report::FaultMap map_of(const ArrayOutcome& outcome) {
  const bool rows = outcome.array.unit == ArrayUnitKind::row;
  report::FaultMap map{.site = "array",
                       .title = "The array of " + outcome.accelerator,
                       .column = rows ? "row as a whole" : "column",
                       .layers = {},
                       .bits = static_cast<int>(rows ? 1 : outcome.size.x),
                       .cells = {}};
  for (std::size_t unit = 0; unit < outcome.units.size(); ++unit) {
    const std::optional<std::int64_t>& y = outcome.units[unit].y;
    if (map.cells.size() % static_cast<std::size_t>(map.bits) == 0)
      map.layers.push_back(y ? fmt::format("row {}", *y) : "columns");
    map.cells.emplace_back(rate_of_unit(outcome, unit));
  }
  return map;
}

nlohmann::ordered_json json_of(const report::FaultRate& rate) {
  return {{"faults", rate.faults}, {"inferences", rate.inferences},
          {"rate", rate.rate},     {"low", rate.low},
          {"high", rate.high},     {"masked", rate.masked}};
}

nlohmann::ordered_json json_of(const std::vector<report::NamedFaultRate>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const report::NamedFaultRate& row : rows) {
    list.push_back({{"name", row.name}});
    list.back().update(json_of(row.rate));
  }
  return list;
}

nlohmann::ordered_json units_json(const ArrayOutcome& outcome) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t u = 0; u < outcome.units.size(); ++u) {
    nlohmann::ordered_json entry;
    if (outcome.units[u].x) entry["x"] = *outcome.units[u].x;
    if (outcome.units[u].y) entry["y"] = *outcome.units[u].y;
    entry["macs"] = outcome.macs[u];
    entry.update(json_of(rate_of_unit(outcome, u)));
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const ArrayOutcome& outcome) {
  const Rate rate = overall(outcome);
  return {{"network", outcome.network},
          {"model", outcome.model},
          {"quantization", outcome.how},
          {"accelerator", outcome.accelerator},
          {"unit", enum_name(outcome.array.unit)},
          {"data", outcome.data},
          {"images", outcome.images},
          {"seed", outcome.seed},
          {"fault_free_right", outcome.fault_free_right},
          {"population", outcome.population},
          {"faults", rate.faults},
          {"inferences", rate.tally.inferences},
          {"masked", rate.tally.masked},
          {"top1_changed", rate.tally.top1_changed},
          {"top5_changed", rate.tally.top5_changed},
          {"right", rate.tally.right},
          {"rate", rate.rate},
          {"low", rate.interval.low},
          {"high", rate.interval.high},
          {"margin", rate.interval.half_width()},
          {"confidence", outcome.confidence},
          {"seconds", outcome.seconds},
          {"faulty_inferences_per_second", inferences_per_second(outcome)},
          {"checked", outcome.check.checked},
          {"by_register", json_of(by_register(outcome))},
          {"by_bit", json_of(by_bit(outcome))},
          {"by_unit", units_json(outcome)},
          {"report", outcome.page_file.string()}};
}

std::string array_table(const ArrayOutcome& outcome) {
  const Rate rate = overall(outcome);
  std::string text = fmt::format(
      "{} ({}) on {}, {} images of {}: {:.2f} % right without faults\n{} faults of {}, {} "
      "inferences: class changed in {:.3f} % ({:.0f} % interval {:.3f} to {:.3f}), masked {:.1f} "
      "%\n{:.2f} % right with a fault\n{:.0f} faulty inferences a second ({:.1f} s)\n",
      outcome.network, outcome.how, outcome.accelerator, outcome.images, outcome.data,
      100.0 * share(outcome.fault_free_right, outcome.images), rate.faults, outcome.population,
      rate.tally.inferences, 100.0 * rate.rate, 100.0 * outcome.confidence,
      100.0 * rate.interval.low, 100.0 * rate.interval.high,
      100.0 * share(rate.tally.masked, rate.tally.inferences),
      100.0 * share(rate.tally.right, rate.tally.inferences), inferences_per_second(outcome),
      outcome.seconds);
  std::vector<report::NamedFaultRate> rows = by_register(outcome);
  std::ranges::move(by_bit(outcome), std::back_inserter(rows));
  return text + rate_table("register", rows) +
         fmt::format("{} inferences run again in the plain way: {} differ\n", outcome.check.checked,
                     outcome.check.differing);
}

std::string array_page(const ArrayOutcome& outcome) {
  const Rate rate = overall(outcome);
  report::FaultReport page{.network = outcome.network,
                           .model = outcome.model,
                           .data = outcome.data,
                           .version = std::string(version()),
                           .seed = outcome.seed,
                           .conditions = fmt::format(
                               "{}; one bit of one register of one {} of {} is at fault in every "
                               "layer, for all that passes through it by each layer's best mapping "
                               "(energy-delay product, one image).",
                               outcome.how, enum_name(outcome.array.unit), outcome.accelerator),
                           .images = outcome.images,
                           .confidence = outcome.confidence,
                           .population = outcome.population,
                           .all = shown(rate)};
  page.fault_free_accuracy = share(outcome.fault_free_right, outcome.images);
  page.faulty_accuracy = share(rate.tally.right, rate.tally.inferences);
  page.inferences_per_second = inferences_per_second(outcome);
  page.maps.push_back(map_of(outcome));
  page.tables.push_back({"Registers", "register", by_register(outcome)});
  page.by_bit = by_bit(outcome);
  return report::fault_page(page);
}

}  // namespace hwflow::cli
