#include "cli/mapping_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

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

Json shape_json(const Operator& op) {
  Json shape;
  for (const Dim dim : {Dim::n, Dim::k, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s, Dim::g}) {
    shape[std::string(name(dim))] = op.bound(dim);
  }
  shape["stride"] = input_step(op, Dim::p);
  shape["dilation"] = input_step(op, Dim::r);
  return shape;
}

Json layer_json(const chip::MappedLayer& layer, const chip::Accelerator& accelerator) {
  const chip::MappingResult& result = layer.result;
  const LayerBits& bits = layer.layer.bits;
  return {{"name", layer.layer.name},
          {"names", layer.names},
          {"shape", shape_json(layer.layer.op)},
          {"bits",
           {{"weights", bits.weights},
            {"inputs", bits.inputs},
            {"outputs", bits.outputs},
            {"partial_sums", bits.partial_sums}}},
          {"count", layer.count()},
          {"value", result.value},
          {"energy_pj", result.cost.energy_pj},
          {"cycles", result.cost.cycles},
          {"dram_bits", result.cost.dram_bits},
          {"utilization", result.cost.utilization},
          {"lower_bound", result.lower_bound},
          {"gap", result.gap()},
          {"optimal", result.optimal},
          {"evaluations", result.evaluations},
          {"nodes", result.nodes},
          {"seconds", result.seconds},
          {"mapping", to_text(result.mapping, accelerator)}};
}

void print_row(const chip::MappedLayer& layer) {
  const chip::MappingResult& result = layer.result;
  fmt::print("{:<28.28}  {:>3}  {:>11.5g}  {:>11}  {:>11.4g}  {:>5.1f}  {:>7}  {:>7.2f}\n",
             layer.layer.name, layer.count(), result.cost.energy_pj, result.cost.cycles,
             static_cast<double>(result.cost.dram_bits), 100 * result.cost.utilization,
             result.optimal ? "proved" : fmt::format("{:.1f} %", 100 * result.gap()),
             result.seconds);
}

Expected<std::string> read_text(const std::string& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream) return Unexpected{Diagnostics{{file, "cannot be read", {}}}};
  return text.str();
}

}  // namespace

std::string to_json(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                    const MappingTitle& title) {
  const chip::NetworkCost total = mapping.total();
  Json layers = Json::array();
  for (const chip::MappedLayer& layer : mapping.layers) {
    layers.push_back(layer_json(layer, accelerator));
  }
  return Json({{"network", title.network},
               {"accelerator", accelerator.name()},
               {"objective", name(title.objective)},
               {"seconds", mapping.seconds},
               {"threads", title.threads},
               {"layers", std::move(layers)},
               {"total",
                {{"energy_pj", total.energy_pj},
                 {"cycles", total.cycles},
                 {"edp", total.edp()},
                 {"dram_bits", total.dram_bits}}}})
      .dump(2);
}

void print_table(const chip::NetworkMapping& mapping, const chip::Accelerator& accelerator,
                 const MappingTitle& title) {
  fmt::print("{} on {}, least {}\n\n", title.network, accelerator.name(), name(title.objective));
  fmt::print("{:<28}  {:>3}  {:>11}  {:>11}  {:>11}  {:>5}  {:>7}  {:>7}\n", "layer", "x",
             "energy pJ", "cycles", "DRAM bits", "use %", "gap", "seconds");
  for (const chip::MappedLayer& layer : mapping.layers) print_row(layer);
  const chip::NetworkCost total = mapping.total();
  fmt::print("\ntotal: {:.5g} pJ, {} cycles, EDP {:.5g} pJ cycles, {:.4g} DRAM bits, {:.2f} s\n",
             total.energy_pj, total.cycles, total.edp(), static_cast<double>(total.dram_bits),
             mapping.seconds);
}

Expected<std::map<std::string, chip::Mapping>> read_mappings(const std::string& file,
                                                             const chip::Accelerator& accelerator) {
  const auto text = read_text(file);
  if (!text) return Unexpected{text.error()};
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_array()) {
    return Unexpected{Diagnostics{{file, "is no JSON object with a list 'layers'",
                                   "'hwflow map --json FILE' writes such a file"}}};
  }
  std::map<std::string, chip::Mapping> mappings;
  Diagnostics problems;
  for (std::size_t i = 0; i < json["layers"].size(); ++i) {
    const Json& layer = json["layers"][i];
    const std::string place = fmt::format("{}: layers[{}]", file, i);
    const auto is_text = [&](const char* key) {
      return layer.is_object() && layer.contains(key) && layer[key].is_string();
    };
    if (!is_text("name") || !is_text("mapping")) {
      problems.push_back({place, "needs the texts 'name' and 'mapping'", {}});
      continue;
    }
    const auto mapping = chip::mapping_from_text(layer["mapping"].get<std::string>(), accelerator);
    if (!mapping) {
      for (const Diagnostic& problem : mapping.error()) {
        problems.push_back({place + ": " + problem.place, problem.reason, problem.hint});
      }
      continue;
    }
    mappings.insert_or_assign(layer["name"].get<std::string>(), *mapping);
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return mappings;
}

}  // namespace hwflow::cli
