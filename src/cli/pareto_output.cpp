#include "cli/pareto_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostRows = 40;  // of one layer on the terminal

const char* key_of(chip::Objective objective) {
  switch (objective) {
    case chip::Objective::energy: return "energy_pj";
    case chip::Objective::latency: return "cycles";
    case chip::Objective::dram: return "dram_bits";
    case chip::Objective::edp: break;
  }
  return "edp";
}

Json region_json(const chip::UnprovedRegion& region,
                 const std::vector<chip::Objective>& objectives) {
  Json at_least = Json::object(), below = Json::object();
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    at_least[key_of(objectives[i])] = region.at_least[i];
    below[key_of(objectives[i])] = region.below[i] ? Json(*region.below[i]) : Json();
  }
  return {{"at_least", std::move(at_least)}, {"below", std::move(below)}};
}

Json point_json(const chip::ParetoPoint& point, const chip::Accelerator& accelerator) {
  return {{"energy_pj", point.cost.energy_pj},
          {"cycles", point.cost.cycles},
          {"edp", point.cost.edp()},
          {"dram_bits", point.cost.dram_bits},
          {"utilization", point.cost.utilization},
          {"mapping", to_text(point.mapping, accelerator)}};
}

Json layer_json(const chip::ParetoLayer& layer, const chip::Accelerator& accelerator) {
  const chip::ParetoResult& result = layer.result;
  Json json = layer_head(layer.layer, layer.names);
  json["proved"] = result.proved;
  json["gap"] = result.gap ? Json(*result.gap) : Json();
  json["searches"] = result.searches;
  json["evaluations"] = result.evaluations;
  json["nodes"] = result.nodes;
  json["seconds"] = result.seconds;
  Json& points = json["points"] = Json::array();
  for (const chip::ParetoPoint& point : result.points)
    points.push_back(point_json(point, accelerator));
  Json& unproved = json["unproved"] = Json::array();
  for (const chip::UnprovedRegion& region : result.unproved)
    unproved.push_back(region_json(region, result.objectives));
  return json;
}

Json front_json(const chip::ParetoNetwork& network) {
  Json points = Json::array();
  for (std::size_t i = 0; i < network.front.points.size(); ++i) {
    const chip::NetworkCost& cost = network.front.points[i];
    Json picks = Json::array();
    std::size_t stage = 0;
    for (const chip::ParetoLayer& layer : network.layers) {
      Json& own = picks.emplace_back(Json::array());
      for (std::int64_t copy = 0; copy < layer.count(); ++copy)
        own.push_back(network.front.picks[i][stage++]);
    }
    points.push_back({{"energy_pj", cost.energy_pj},
                      {"cycles", cost.cycles},
                      {"edp", cost.edp()},
                      {"dram_bits", cost.dram_bits},
                      {"picks", std::move(picks)}});
  }
  return {{"proved", network.is_proved()},
          {"error", network.front.error},
          {"points", std::move(points)}};
}

std::string proof(const chip::ParetoResult& result) {
  if (result.proved) return "proved";
  return fmt::format("not proved, {} regions left, gap {}", result.unproved.size(),
                     result.gap ? fmt::format("{:.1f} %", 100 * *result.gap) : "unknown");
}

void print_layer(const chip::ParetoLayer& layer, const chip::Accelerator& accelerator) {
  const chip::ParetoResult& result = layer.result;
  fmt::print("\n{} (x {}): {} points, {}, {} searches, {:.2f} s\n", layer.layer.name, layer.count(),
             result.points.size(), proof(result), result.searches, result.seconds);
  fmt::print("  {:>11}  {:>11}  {:>11}  {:>11}  {}\n", "energy pJ", "cycles", "DRAM bits", "EDP",
             "mapping");
  const std::size_t count = result.points.size(), rows = std::min(count, kMostRows);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto& point = result.points[rows < 2 ? 0 : row * (count - 1) / (rows - 1)];
    fmt::print("  {:>11.6g}  {:>11}  {:>11.5g}  {:>11.5g}  {}\n", point.cost.energy_pj,
               point.cost.cycles, static_cast<double>(point.cost.dram_bits), point.cost.edp(),
               to_text(point.mapping, accelerator));
  }
  if (rows < count)
    fmt::print("  ({} of {} points, evenly chosen; --json FILE has all)\n", rows, count);
}

}  // namespace

std::string to_json(const chip::ParetoNetwork& network, const chip::Accelerator& accelerator,
                    const ParetoTitle& title) {
  Json layers = Json::array(), space = Json::object(), objectives = Json::array();
  for (const chip::ParetoLayer& layer : network.layers)
    layers.push_back(layer_json(layer, accelerator));
  for (const auto& [key, value] : title.mapping.space) space[key] = value;
  for (const chip::Objective objective : network.layers.front().result.objectives)
    objectives.push_back(name(objective));
  return Json({{"network", title.mapping.network},
               {"accelerator", accelerator.name()},
               {"objective", title.objective},
               {"objectives", std::move(objectives)},
               {"pareto_step", title.step},
               {"space", std::move(space)},
               {"notes", title.mapping.notes},
               {"seconds", network.seconds},
               {"threads", title.mapping.threads},
               {"layers", std::move(layers)},
               {"front", front_json(network)}})
      .dump(2, ' ', false, Json::error_handler_t::replace);
}

void print_table(const chip::ParetoNetwork& network, const chip::Accelerator& accelerator,
                 const ParetoTitle& title) {
  fmt::print("{} on {}, Pareto sets ({})\n", title.mapping.network, accelerator.name(),
             title.objective);
  std::size_t points = 0;
  for (const chip::ParetoLayer& layer : network.layers) {
    print_layer(layer, accelerator);
    points += layer.result.points.size();
  }
  const chip::NetworkFront& front = network.front;
  fmt::print("\n{} points of {} layers{}; network: {} sums that no other beats", points,
             network.layers.size(), network.is_proved() ? ", all proved" : "", front.points.size());
  if (front.error > 0.0) fmt::print(" by more than {:.2g} %", 100 * front.error);
  fmt::print(", {:.2f} s\n", network.seconds);
  if (front.points.empty()) return;
  const chip::NetworkCost &first = front.points.front(), &last = front.points.back();
  fmt::print(
      "from {:.5g} pJ, {} cycles, {:.4g} DRAM bits to {:.5g} pJ, {} cycles, {:.4g} DRAM bits\n",
      first.energy_pj, first.cycles, static_cast<double>(first.dram_bits), last.energy_pj,
      last.cycles, static_cast<double>(last.dram_bits));
}

}  // namespace hwflow::cli
