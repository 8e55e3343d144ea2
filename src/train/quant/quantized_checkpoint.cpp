#include "train/quant/quantized_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_shapes.hpp"
#include "train/quant/integer_checks.hpp"

namespace hwflow::train {
namespace {

using nlohmann::json;

json to_json(const QuantizerGrid& grid) { return {grid.scale, grid.low, grid.high, grid.bits}; }

json to_json(const std::vector<QuantizerGrid>& grids) {
  json list = json::array();
  for (const QuantizerGrid& grid : grids) list.push_back(to_json(grid));
  return list;
}

std::vector<QuantizerGrid> grids_from(const json& list) {
  std::vector<QuantizerGrid> grids;
  for (const json& grid : list)
    grids.push_back({.scale = grid.at(0).get<double>(),
                     .low = grid.at(1).get<std::int32_t>(),
                     .high = grid.at(2).get<std::int32_t>(),
                     .bits = grid.at(3).get<int>()});
  return grids;
}

std::map<std::string, std::string> metadata_of(const char* format, const Network& network,
                                               const CompressionPlan& plan, const KeptUnits& kept,
                                               const Normalization& normalization,
                                               const json& nodes) {
  std::map<std::string, std::string> metadata{{"format", format},
                                              {"network", network.name()},
                                              {"plan", to_text(plan)},
                                              {"nodes", nodes.dump()}};
  if (!kept.groups.empty()) metadata["channels"] = to_text(kept);
  add_to_metadata(normalization, metadata);
  return metadata;
}

/// A file whose format, network, plan and normalisation are as they should be.
struct Opened {
  Safetensors content;
  Network network;
  CompressionPlan plan;
  KeptUnits kept;
  Normalization normalization;
  json nodes;
};

std::string entry(const Safetensors& content, const char* key) {
  const auto found = content.metadata.find(key);
  return found == content.metadata.end() ? std::string() : found->second;
}

std::int64_t input_channels(const Network& network) {
  for (const Node& node : network.nodes())
    if (node.kind == NodeKind::input) return node.shape.channels;
  return 0;
}

/// As CompressionPlan::channels.
std::vector<std::int32_t> counts_of(const KeptUnits& kept) {
  std::vector<std::int32_t> counts;
  for (const std::vector<std::int32_t>& units : kept.groups)
    counts.push_back(static_cast<std::int32_t>(units.size()));
  return counts;
}

/// What the file's channels leave of the network.
Expected<Network> left_of(const Network& network, const KeptUnits& kept) {
  if (kept.groups.empty()) return network;
  auto shrunk = shrink(network, ChannelGroups(network), kept);
  if (!shrunk) return Unexpected{std::move(shrunk).error()};
  return std::move(shrunk->network);
}

Expected<Opened> open(const std::filesystem::path& file, const Network& network,
                      const char* format) {
  auto content = read_safetensors(file);
  if (!content) return Unexpected{content.error()};
  Diagnostics problems;
  const auto add = [&](std::string reason, std::string hint) {
    problems.push_back({file.string(), std::move(reason), std::move(hint)});
  };
  if (entry(*content, "format") != format) {
    add(fmt::format("metadata 'format' is '{}', not '{}'", entry(*content, "format"), format),
        "is it a float weight file?");
    return Unexpected{std::move(problems)};
  }
  if (entry(*content, "network") != network.name())
    add(fmt::format("belongs to network '{}', not '{}'", entry(*content, "network"),
                    network.name()),
        "give the network that it was made from");
  const auto plan = compression_plan_from_text(entry(*content, "plan"));
  if (!plan)
    add("metadata 'plan' is no plan", to_text(plan.error()));
  else if (plan->layers.size() != network.compute_nodes().size())
    add(fmt::format("its plan has {} layers, the network {}", plan->layers.size(),
                    network.compute_nodes().size()),
        "");
  const auto kept = kept_units_from_text(entry(*content, "channels"));
  const auto left = kept ? left_of(network, *kept) : Unexpected{kept.error()};
  if (!left) add("metadata 'channels' does not fit the network", to_text(left.error()));
  if (plan && kept && plan->channels != counts_of(*kept)) {
    add("metadata 'plan' and 'channels' tell different numbers of channels",
        "write both as 'hwflow codesign' does");
  }
  const auto normalization =
      normalization_from_metadata(content->metadata, input_channels(network));
  if (!normalization) add("metadata has no input_mean and input_std", "");
  json nodes = json::parse(entry(*content, "nodes"), nullptr, /*allow_exceptions=*/false);
  if (!nodes.is_object()) add("metadata 'nodes' is no JSON object", "");
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Opened{std::move(*content), folded_description(*left), *plan, *kept,
                *normalization,      std::move(nodes)};
}

/// Tensors that a folded network needs, and grids for each arithmetic edge.
Diagnostics missing_parts(const std::filesystem::path& file, const Opened& opened) {
  Diagnostics problems;
  for (const auto& [name, shape] : expected_tensors(opened.network)) {
    const auto found = opened.content.tensors.find(name);
    if (found == opened.content.tensors.end())
      problems.push_back({file.string() + ": " + name, "tensor is missing", ""});
    else if (found->second.shape != shape)
      problems.push_back({file.string() + ": " + name, "tensor has another shape", ""});
  }
  for (const Node& node : opened.network.nodes()) {
    if (!integer::is_arithmetic(node.kind)) continue;
    const json entry = opened.nodes.value(node.name, json::object());
    if (!entry.is_object() || entry.value("inputs", json::array()).size() != node.inputs.size())
      problems.push_back({file.string() + ": " + node.name, "quantizers are missing", ""});
  }
  return problems;
}

/// Runs `fill` on all nodes; type errors of the JSON become a diagnostic.
template <class Fill>
Diagnostics fill_nodes(const std::filesystem::path& file, const Opened& opened, const Fill& fill) {
  Diagnostics problems = missing_parts(file, opened);
  if (!problems.empty()) return problems;
  for (std::size_t i = 0; i < opened.network.nodes().size(); ++i) {
    const Node& node = opened.network.nodes()[i];
    if (!integer::is_arithmetic(node.kind)) continue;
    try {
      fill(i, node, opened.nodes.at(node.name));
    } catch (const json::exception& error) {
      problems.push_back({file.string() + ": " + node.name, error.what(), ""});
    }
  }
  return problems;
}

}  // namespace

Network folded_description(const Network& network) {
  std::vector<Node> nodes = network.nodes();
  for (Node& node : nodes) {
    node.has_batch_norm = false;
    if (has_weight(node)) node.has_bias = true;
  }
  auto made = Network::make(network.name(), std::move(nodes), network.outputs());
  HWFLOW_CHECK(made.has_value(), "a network without BatchNorm must stay a network");
  return std::move(*made);
}

void write_quantized_network(const std::filesystem::path& file, const QuantizedNetwork& network,
                             const std::map<std::string, std::string>& provenance) {
  json nodes = json::object();
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const QuantizedNode& node = network.nodes[i];
    if (node.inputs.empty()) continue;
    const WeightQuantizer& w = node.weights;
    nodes[network.network.nodes()[i].name] = {{"inputs", to_json(node.inputs)},
                                              {"weights",
                                               {{"bits", w.bits},
                                                {"low", w.range.low},
                                                {"high", w.range.high},
                                                {"scales", w.scales},
                                                {"dorefa", w.dorefa}}}};
  }
  auto metadata = metadata_of(kQuantizedFormat, network.network, network.plan, network.kept,
                              network.normalization, nodes);
  metadata.insert(provenance.begin(), provenance.end());
  write_safetensors(file, {.tensors = network.weights, .metadata = std::move(metadata)});
}

Expected<QuantizedNetwork> read_quantized_network(const std::filesystem::path& file,
                                                  const Network& network) {
  auto opened = open(file, network, kQuantizedFormat);
  if (!opened) return Unexpected{opened.error()};
  std::vector<QuantizedNode> nodes(opened->network.nodes().size());
  Diagnostics problems =
      fill_nodes(file, *opened, [&](std::size_t i, const Node&, const json& entry) {
        const json& w = entry.at("weights");
        nodes[i].inputs = grids_from(entry.at("inputs"));
        nodes[i].weights = {
            .bits = w.at("bits").get<int>(),
            .range = {w.at("low").get<std::int32_t>(), w.at("high").get<std::int32_t>()},
            .scales = w.at("scales").get<std::vector<double>>(),
            .dorefa = w.at("dorefa").get<bool>()};
      });
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return QuantizedNetwork{.network = std::move(opened->network),
                          .weights = std::move(opened->content.tensors),
                          .plan = opened->plan,
                          .nodes = std::move(nodes),
                          .normalization = opened->normalization,
                          .kept = opened->kept};
}

void write_integer_network(const std::filesystem::path& file, const IntegerNetwork& network) {
  json nodes = json::object();
  WeightMap tensors;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const IntegerNode& node = network.nodes[i];
    if (node.inputs.empty()) continue;
    const std::string& name = network.network.nodes()[i].name;
    json entry = {{"inputs", to_json(node.inputs)}};
    if (node.compute) {
      const IntegerCompute& c = *node.compute;
      entry["weights"] = {{"bits", c.bits},
                          {"low", c.low},
                          {"high", c.high},
                          {"scales", c.scales},
                          {"bias", c.bias}};
      tensors[name + ".weight"] = {c.shape, {c.codes.begin(), c.codes.end()}};
      FloatTensor bias{{static_cast<std::int64_t>(c.bias.size())}, {}};
      for (const std::int64_t code : c.bias) bias.values.push_back(static_cast<float>(code));
      tensors[name + ".bias"] = std::move(bias);
    }
    nodes[name] = std::move(entry);
  }
  write_safetensors(
      file, {.tensors = std::move(tensors),
             .metadata = metadata_of(kIntegerFormat, network.network, network.plan, network.kept,
                                     {network.input_mean, network.input_std}, nodes)});
}

Expected<IntegerNetwork> read_integer_network(const std::filesystem::path& file,
                                              const Network& network) {
  auto opened = open(file, network, kIntegerFormat);
  if (!opened) return Unexpected{opened.error()};
  std::vector<IntegerNode> nodes(opened->network.nodes().size());
  Diagnostics problems =
      fill_nodes(file, *opened, [&](std::size_t i, const Node& node, const json& entry) {
        nodes[i].inputs = grids_from(entry.at("inputs"));
        if (!has_weight(node)) return;
        const json& w = entry.at("weights");
        const FloatTensor& codes = opened->content.tensors.at(node.name + ".weight");
        IntegerCompute compute;
        compute.shape = codes.shape;
        for (const float code : codes.values)
          compute.codes.push_back(static_cast<std::int16_t>(std::clamp(code, -32768.0F, 32767.0F)));
        compute.scales = w.at("scales").get<std::vector<double>>();
        compute.low = w.at("low").get<std::int32_t>();
        compute.high = w.at("high").get<std::int32_t>();
        compute.bits = w.at("bits").get<int>();
        compute.bias = w.at("bias").get<std::vector<std::int64_t>>();
        nodes[i].compute = std::move(compute);
      });
  if (!problems.empty()) return Unexpected{std::move(problems)};
  IntegerNetwork result{.network = std::move(opened->network),
                        .nodes = std::move(nodes),
                        .input_mean = opened->normalization.mean,
                        .input_std = opened->normalization.std,
                        .plan = opened->plan,
                        .kept = opened->kept};
  problems = integer::problems_of(result);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return result;
}

}  // namespace hwflow::train
