#include "chip/mapping/reference_cases.hpp"

#include <fmt/format.h>

#include "base/input_file.hpp"
#include "chip/mapping/reference_json.hpp"
#include "chip/mapping/uneven_references.hpp"

namespace hwflow::chip {
namespace {

using reference::Json;
using reference::Node;

constexpr std::int64_t kMostSize = std::int64_t{1} << 30;  // products of two fit

std::int64_t or_one(const Node& layer, std::string_view key) {
  return layer.has(key) ? layer.at(key).integer(1, kMostSize) : 1;
}

Expected<Operator> read_operator(const Node& layer) {
  ConvShape shape;
  const std::int64_t p = layer.at("P").integer(1, kMostSize);
  const std::int64_t q = layer.at("Q").integer(1, kMostSize);
  shape.n = or_one(layer, "N");
  shape.groups = or_one(layer, "G");
  shape.in_channels = layer.at("C").integer(1, kMostSize) * shape.groups;
  shape.out_channels = layer.at("M").integer(1, kMostSize) * shape.groups;
  shape.kernel_height = layer.at("R").integer(1, kMostSize);
  shape.kernel_width = layer.at("S").integer(1, kMostSize);
  shape.stride_height = shape.stride_width = or_one(layer, "stride");
  shape.dilation_height = or_one(layer, "Wdilation");
  shape.dilation_width = or_one(layer, "Hdilation");
  shape.in_height =
      shape.stride_height * (p - 1) + shape.dilation_height * (shape.kernel_height - 1) + 1;
  shape.in_width =
      shape.stride_width * (q - 1) + shape.dilation_width * (shape.kernel_width - 1) + 1;
  return make_convolution(shape);
}

std::optional<Role> role_of(std::string_view tensor) {
  if (tensor == "Weights") return Role::weights;
  if (tensor == "Inputs") return Role::inputs;
  if (tensor == "Outputs") return Role::outputs;
  return std::nullopt;
}

ReferenceResult read_result(const Node& node) {
  ReferenceResult result;
  result.cycles = node.at("cycles").integer(0);
  if (node.has("energy_pj_sum_of_levels")) {
    result.energy_pj = node.at("energy_pj_sum_of_levels").number();
  }
  const Node levels = node.at("levels");
  for (const std::string& level : levels.keys()) {
    for (const std::string& key : levels.at(level).keys()) {
      const auto role = role_of(key);
      if (!role) continue;
      const Node counts = levels.at(level).at(key);
      ReferenceCounts row{level,
                          *role,
                          counts.at("reads_total").integer(0),
                          counts.at("fills_total").integer(0),
                          counts.at("updates_total").integer(0),
                          std::nullopt};
      if (counts.has("tile_words")) row.tile_words = counts.at("tile_words").integer(0);
      result.counts.push_back(row);
    }
  }
  return result;
}

/// All objectives below one node: {"min_energy": {...}, ...}.
void read_objectives(const Node& node, ReferenceOptimum kind,
                     const std::vector<MemoryLevel>& levels,
                     std::vector<ReferenceOptimum>& optima) {
  for (const std::string& key : node.keys()) {
    if (!key.starts_with("min_")) continue;
    const Node entry = node.at(key);
    ReferenceOptimum optimum = kind;
    optimum.objective = key;
    optimum.energy_pj = entry.at("energy").number();
    optimum.cycles = entry.at("cycles").integer(0);
    optimum.dram_words = entry.at("dram_words").integer(0);
    if (entry.has("mapping"))
      optimum.mapping = reference::read_mapping(entry.at("mapping"), levels);
    optima.push_back(std::move(optimum));
  }
}

std::vector<ReferenceOptimum> read_optima(const Node& item,
                                          const std::vector<MemoryLevel>& levels) {
  std::vector<ReferenceOptimum> optima;
  if (item.has("optima")) {
    const Node countings = item.at("optima");
    for (const std::string& counting : countings.keys()) {
      const Node node = countings.at(counting);
      ReferenceOptimum kind;
      kind.counting = counting;
      read_objectives(node, kind, levels, optima);
      for (const std::string& space : {std::string("any_axis"), std::string("one_axis")}) {
        if (!node.has(space)) continue;
        kind.space = space;
        read_objectives(node.at(space), kind, levels, optima);
      }
    }
  }
  for (const std::string& space : {std::string("perfect"), std::string("ragged")}) {
    if (!item.has("exact") || !item.at("exact").has(space)) continue;
    ReferenceOptimum kind;
    kind.counting = "exact";
    kind.space = space;
    read_objectives(item.at("exact").at(space), kind, levels, optima);
  }
  return optima;
}

/// Levels keep what the case's mapping says.
void apply_keeps(const Node& item, Accelerator::Fields& fields) {
  if (!item.has("mapping")) return;
  for (const auto& [name, roles] : reference::read_keeps(item.at("mapping"))) {
    for (MemoryLevel& level : fields.levels) {
      if (level.name == name) level.keeps = roles;
    }
  }
}

/// Takes over the problems of a factory, below a place.
void add(Diagnostics& problems, const std::string& place, const Diagnostics& found) {
  for (const Diagnostic& d : found) {
    problems.push_back({fmt::format("{}: {}", place, d.place), d.reason, d.hint});
  }
}

std::optional<ReferenceCase> read_case(const Node& architectures, const Json& json,
                                       const std::string& place, Diagnostics& problems) {
  const std::size_t before = problems.size();
  const Node item(&json, place, problems);
  const std::string id = item.at("id").text();
  auto op = read_operator(item.at("layer"));
  if (!op) add(problems, place + ".layer", op.error());
  auto fields = reference::read_architecture(architectures, item.at("arch").text());
  if (fields.levels.empty()) return std::nullopt;  // noted; its mappings would only add noise
  apply_keeps(item, fields);
  std::optional<Mapping> mapping;
  if (item.has("mapping")) mapping = reference::read_mapping(item.at("mapping"), fields.levels);
  std::optional<ReferenceResult> result;
  if (item.has("result")) result = read_result(item.at("result"));
  auto optima = read_optima(item, fields.levels);
  if (problems.size() != before) return std::nullopt;

  auto accelerator = Accelerator::make(std::move(fields));
  if (!accelerator) {
    add(problems, place + ".arch", accelerator.error());
    return std::nullopt;
  }
  return ReferenceCase{id,
                       Layer{id, std::move(*op), LayerBits{16, 16, 16, 16}},
                       std::move(*accelerator),
                       std::move(mapping),
                       std::move(result),
                       std::move(optima)};
}

}  // namespace

Expected<std::vector<ReferenceCase>> parse_reference_cases(std::string_view json,
                                                           std::string_view origin) {
  const std::string name(origin);
  const Json document = Json::parse(json, nullptr, false);
  if (document.is_discarded()) return Unexpected{Diagnostics{{name, "is not JSON", {}}}};
  if (reference::holds_uneven_cases(document)) return reference::read_uneven_cases(document, name);
  Diagnostics problems;
  const Node root(&document, name, problems);
  const Node architectures = root.at("architectures");
  const std::size_t count = root.at("cases").elements().size();
  std::vector<ReferenceCase> cases;
  for (std::size_t i = 0; i < count; ++i) {
    const Json& item = document.at("cases")[i];
    auto read = read_case(architectures, item, fmt::format("{}: cases[{}]", name, i), problems);
    if (read) cases.push_back(std::move(*read));
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return cases;
}

Expected<std::vector<ReferenceCase>> load_reference_cases(const std::filesystem::path& file) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 28;
  const Expected<std::string> text = read_input_file(file, kMostBytes);
  if (!text) return Unexpected{text.error()};
  return parse_reference_cases(*text, file.filename().string());
}

}  // namespace hwflow::chip
