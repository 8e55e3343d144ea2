#include "cli/mapping_output.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace hwflow::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Step of the input for one step of `dim` (1 when the layer has no such input axis).
std::int64_t input_step(const Operator& op, Dim dim) {
  for (const Operand& operand : op.operands()) {
    if (operand.role != Role::inputs) continue;
    for (const Rank& rank : operand.ranks) {
      for (const AffineTerm& term : rank.terms) {
        if (term.dim == dim) return term.coefficient;
      }
    }
  }
  return 1;
}

/// Columns have a key of their own only where they differ from the rows.
void add_unless_equal(Json& shape, const char* key, std::int64_t value, const char* of_rows) {
  if (shape[of_rows] != value) shape[key] = value;
}

Json shape_json(const Operator& op) {
  Json shape;
  for (const Dim dim : {Dim::n, Dim::k, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s, Dim::g}) {
    shape[std::string(name(dim))] = op.bound(dim);
  }
  shape["stride"] = input_step(op, Dim::p);
  shape["dilation"] = input_step(op, Dim::r);
  add_unless_equal(shape, "stride_columns", input_step(op, Dim::q), "stride");
  add_unless_equal(shape, "dilation_columns", input_step(op, Dim::s), "dilation");
  return shape;
}

/// What passes through every level, by operand: see chip::TensorTraffic.
Json traffic_json(const chip::MappedLayer& layer, const chip::Accelerator& accelerator) {
  Json levels = Json::array();
  for (std::size_t l = 0; l < layer.result.cost.levels.size(); ++l) {
    const chip::LevelCost& level = layer.result.cost.levels[l];
    Json operands = Json::object();
    for (std::size_t o = 0; o < level.operands.size(); ++o) {
      const chip::TensorTraffic& words = level.operands[o];
      operands[layer.layer.op.operands()[o].name] = {{"reads", words.reads},
                                                     {"fills", words.fills},
                                                     {"updates", words.updates},
                                                     {"drains", words.drains},
                                                     {"read_bits", words.read_bits},
                                                     {"fill_bits", words.fill_bits},
                                                     {"update_bits", words.update_bits},
                                                     {"drain_bits", words.drain_bits},
                                                     {"tile_words", words.tile_words}};
    }
    levels.push_back({{"level", accelerator.levels()[l].name},
                      {"energy_pj", level.energy_pj},
                      {"noc_energy_pj", level.noc_energy_pj},
                      {"leakage_pj", level.leakage_pj},
                      {"used_instances", level.used_instances},
                      {"operands", std::move(operands)}});
  }
  return levels;
}

/// What a search knows of its result.
void add_certificate(const chip::MappingResult& result, Json& json) {
  json["lower_bound"] = result.lower_bound;
  json["gap"] = result.gap();
  json["optimal"] = result.optimal;
  json["evaluations"] = result.evaluations;
  json["nodes"] = result.nodes;
  json["seconds"] = result.seconds;
}

Json layer_json(const chip::MappedLayer& layer, const chip::Accelerator& accelerator,
                const MappingTitle& title) {
  const chip::MappingResult& result = layer.result;
  Json json = layer_head(layer.layer, layer.names);
  json["value"] = result.value;
  json["energy_pj"] = result.cost.energy_pj;
  json["cycles"] = result.cost.cycles;
  json["dram_bits"] = result.cost.dram_bits;
  json["utilization"] = result.cost.utilization;
  if (title.source == MappingSource::search) add_certificate(result, json);
  json["mapping"] = to_text(result.mapping, accelerator);
  if (title.source == MappingSource::file) {
    json["mac_energy_pj"] = result.cost.mac_energy_pj;
    json["traffic"] = traffic_json(layer, accelerator);
  }
  return json;
}

std::string row(const chip::MappedLayer& layer) {
  const chip::MappingResult& result = layer.result;
  return fmt::format("{:<28.28}  {:>3}  {:>11.5g}  {:>11}  {:>11.4g}  {:>5.1f}", layer.layer.name,
                     layer.count(), result.cost.energy_pj, result.cost.cycles,
                     static_cast<double>(result.cost.dram_bits), 100 * result.cost.utilization);
}

std::string certificate(const chip::MappingResult& result) {
  return fmt::format("  {:>7}  {:>7.2f}",
                     result.optimal ? "proved" : fmt::format("{:.1f} %", 100 * result.gap()),
                     result.seconds);
}

}  // namespace

Json layer_head(const Layer& layer, const std::vector<std::string>& names) {
  const LayerBits& bits = layer.bits;
  return {{"name", layer.name},
          {"names", names},
          {"shape", shape_json(layer.op)},
          {"bits",
           {{"weights", bits.weights},
            {"inputs", bits.inputs},
            {"outputs", bits.outputs},
            {"partial_sums", bits.partial_sums}}},
          {"count", names.size()}};
}

std::string to_json(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                    const MappingTitle& title) {
  const chip::NetworkCost total = mapping.total();
  Json layers = Json::array();
  for (const chip::MappedLayer& layer : mapping.layers) {
    layers.push_back(layer_json(layer, accelerator, title));
  }
  Json space = Json::object();
  for (const auto& [key, value] : title.space) space[key] = value;
  return Json({{"network", title.network},
               {"accelerator", accelerator.name()},
               {"objective", name(title.objective)},
               {"space", std::move(space)},
               {"notes", title.notes},
               {"seconds", mapping.seconds},
               {"threads", title.threads},
               {"layers", std::move(layers)},
               {"total",
                {{"energy_pj", total.energy_pj},
                 {"cycles", total.cycles},
                 {"edp", total.edp()},
                 {"dram_bits", total.dram_bits}}}})
      .dump(2, ' ', false, Json::error_handler_t::replace);
}

void print_table(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                 const MappingTitle& title) {
  const bool is_search = title.source == MappingSource::search;
  fmt::print("{} on {}, {}\n\n", title.network, accelerator.name(),
             is_search ? fmt::format("least {}", name(title.objective)) : "mappings as given");
  fmt::print("{:<28}  {:>3}  {:>11}  {:>11}  {:>11}  {:>5}{}\n", "layer", "x", "energy pJ",
             "cycles", "DRAM bits", "use %",
             is_search ? fmt::format("  {:>7}  {:>7}", "gap", "seconds") : "");
  for (const chip::MappedLayer& layer : mapping.layers) {
    fmt::print("{}{}\n", row(layer), is_search ? certificate(layer.result) : "");
  }
  const chip::NetworkCost total = mapping.total();
  fmt::print("\ntotal: {:.5g} pJ, {} cycles, EDP {:.5g} pJ cycles, {:.4g} DRAM bits, {:.2f} s\n",
             total.energy_pj, total.cycles, total.edp(), static_cast<double>(total.dram_bits),
             mapping.seconds);
}

}  // namespace hwflow::cli
