#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {
namespace {

constexpr std::size_t kNamesInNote = 4;

std::vector<bool> needed_nodes(const GraphImport& graph) {
  std::vector<bool> is_needed(graph.nodes.size(), false);
  for (const NodeId output : graph.outputs)
    is_needed[static_cast<std::size_t>(output.value)] = true;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!is_needed[i]) continue;
    for (const NodeId input : graph.nodes[i].inputs)
      is_needed[static_cast<std::size_t>(input.value)] = true;
  }
  return is_needed;
}

void drop_weights_of(const std::string& node, WeightMap& weights) {
  const std::string prefix = node + ".";
  for (const char* suffix : {"weight", "bias", "batch_norm.weight", "batch_norm.bias",
                             "batch_norm.running_mean", "batch_norm.running_var"})
    weights.erase(prefix + suffix);
}

void note_left_out(GraphImport& graph, const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesInNote); ++i)
    list += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kNamesInNote) list += " ...";
  graph.note("graph",
             fmt::format("{} nodes that no output needs are left out: {}", names.size(), list));
}

}  // namespace

void drop_unneeded_nodes(GraphImport& graph) {
  if (graph.outputs.empty()) return;  // the file names none
  const std::vector<bool> is_needed = needed_nodes(graph);
  std::vector<NodeId> moved(graph.nodes.size());
  std::vector<Node> kept;
  std::vector<std::string> left_out;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    if (!is_needed[i]) {
      left_out.push_back(node.name);
      drop_weights_of(node.name, graph.weights);
      continue;
    }
    moved[i] = {static_cast<std::int32_t>(kept.size())};
    for (NodeId& input : node.inputs) input = moved[static_cast<std::size_t>(input.value)];
    kept.push_back(std::move(node));
  }
  for (NodeId& output : graph.outputs) output = moved[static_cast<std::size_t>(output.value)];
  graph.nodes = std::move(kept);
  if (!left_out.empty()) note_left_out(graph, left_out);
}

}  // namespace hwflow::onnx_import
