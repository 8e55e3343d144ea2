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

struct NamedRate {
  std::string name;
  Rate rate;
};

/// Of the faults that `is_of` takes; `population`: of all of these.
template <class IsOf>
Rate rate_where(const ArrayOutcome& outcome, const IsOf& is_of, std::int64_t population = 0) {
  FaultCounts counts;
  for (std::size_t f = 0; f < outcome.faults.size(); ++f)
    if (is_of(outcome.faults[f])) counts.add(outcome.outcomes[f]);
  return counts.rate(outcome.confidence, population);
}

Rate overall(const ArrayOutcome& outcome) {
  return rate_where(
      outcome, [](const ArrayFault&) { return true; }, outcome.population);
}

double inferences_per_second(const ArrayOutcome& outcome) {
  return outcome.inferences == 0 ? 0.0 : static_cast<double>(outcome.inferences) / outcome.seconds;
}

Rate rate_of_unit(const ArrayOutcome& outcome, std::size_t unit) {
  return rate_where(outcome, [&](const ArrayFault& fault) { return fault.unit == unit; });
}

std::vector<NamedRate> by_register(const ArrayOutcome& outcome) {
  std::vector<NamedRate> rows;
  for (const Register place : outcome.array.registers)
    for (const Effect effect : outcome.effects)
      rows.push_back({fmt::format("{} {}", enum_name(place), enum_name(effect)),
                      rate_where(outcome, [&](const ArrayFault& fault) {
                        return fault.place == place && fault.effect == effect;
                      })});
  return rows;
}

std::vector<NamedRate> by_bit(const ArrayOutcome& outcome) {
  int bits = 0;
  for (const ArrayFault& fault : outcome.faults) bits = std::max(bits, fault.bit + 1);
  std::vector<NamedRate> rows;
  for (const Register place : outcome.array.registers)
    for (int bit = 0; bit < bits; ++bit) {
      const Rate rate = rate_where(outcome, [&](const ArrayFault& fault) {
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
    map.cells.emplace_back(shown(rate_of_unit(outcome, unit), outcome.all_images));
  }
  return map;
}

nlohmann::ordered_json rows_json(const ArrayOutcome& outcome, const std::vector<NamedRate>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const NamedRate& row : rows) {
    list.push_back({{"name", row.name}});
    list.back().update(json_of(row.rate, outcome.all_images));
  }
  return list;
}

std::vector<report::NamedFaultRate> shown_rows(const ArrayOutcome& outcome,
                                               const std::vector<NamedRate>& rows) {
  std::vector<report::NamedFaultRate> all;
  for (const NamedRate& row : rows) all.push_back({row.name, shown(row.rate, outcome.all_images)});
  return all;
}

nlohmann::ordered_json units_json(const ArrayOutcome& outcome) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t u = 0; u < outcome.units.size(); ++u) {
    nlohmann::ordered_json entry;
    if (outcome.units[u].x) entry["x"] = *outcome.units[u].x;
    if (outcome.units[u].y) entry["y"] = *outcome.units[u].y;
    entry["macs"] = outcome.macs[u];
    entry.update(json_of(rate_of_unit(outcome, u), outcome.all_images));
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

nlohmann::ordered_json to_json(const ArrayOutcome& outcome) {
  const Rate rate = overall(outcome);
  nlohmann::ordered_json json{{"network", outcome.network},
                              {"model", outcome.model},
                              {"quantization", outcome.how},
                              {"accelerator", outcome.accelerator},
                              {"unit", enum_name(outcome.array.unit)},
                              {"data", outcome.data},
                              {"images", outcome.images},
                              {"seed", outcome.seed},
                              {"fault_free_right", outcome.fault_free_right},
                              {"population", outcome.population}};
  add_overall(json, rate, outcome.all_images);
  json["confidence"] = outcome.confidence;
  json["seconds"] = outcome.seconds;
  json["faulty_inferences_per_second"] = inferences_per_second(outcome);
  json["checked"] = outcome.check.checked;
  json["differing"] = outcome.check.differing;
  json["by_register"] = rows_json(outcome, by_register(outcome));
  json["by_bit"] = rows_json(outcome, by_bit(outcome));
  json["by_unit"] = units_json(outcome);
  nlohmann::ordered_json mappings = nlohmann::ordered_json::array();
  for (const auto& [layer, mapping] : outcome.mappings)
    mappings.push_back({{"name", layer}, {"mapping", mapping}});
  json["mappings"] = {{"accelerator", outcome.accelerator}, {"layers", std::move(mappings)}};
  json["faults_file"] = outcome.list_file.string();
  json["report"] = outcome.page_file.string();
  return json;
}

std::string array_table(const ArrayOutcome& outcome) {
  const Rate rate = overall(outcome);
  std::string text = fmt::format(
      "{} ({}) on {}, {} images of {}: {:.2f} % right without faults\n{} faults of {}, {} "
      "inferences: class changed in {:.3f} %, masked {:.1f} %\n{}\n{:.2f} % right with a "
      "fault\n{:.0f} faulty inferences a second ({:.1f} s)\n",
      outcome.network, outcome.how, outcome.accelerator, outcome.images, outcome.data,
      100.0 * share(outcome.fault_free_right, outcome.images), rate.faults, outcome.population,
      rate.tally.inferences, 100.0 * rate.rate, 100.0 * rate.masked,
      intervals_text(rate, outcome.confidence), 100.0 * rate.right, inferences_per_second(outcome),
      outcome.seconds);
  std::vector<NamedRate> rows = by_register(outcome);
  std::ranges::move(by_bit(outcome), std::back_inserter(rows));
  return text + rate_table("register", shown_rows(outcome, rows)) + check_text(outcome.check);
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
                           .all = shown(rate, outcome.all_images)};
  page.fault_free_accuracy = share(outcome.fault_free_right, outcome.images);
  page.faulty_accuracy = rate.right;
  page.interval_of = outcome.all_images ? "these images" : "images like these";
  page.inferences_per_second = inferences_per_second(outcome);
  page.maps.push_back(map_of(outcome));
  page.files.push_back(outcome.list_file.string());
  page.tables.push_back({"Registers", "register", shown_rows(outcome, by_register(outcome))});
  page.by_bit = shown_rows(outcome, by_bit(outcome));
  return report::fault_page(page);
}

}  // namespace hwflow::cli
