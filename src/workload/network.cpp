#include "workload/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow {
namespace {

constexpr std::int64_t kMaxMacs = std::int64_t{1} << 53;

std::string place_of(const Node& node, std::size_t index) {
  return node.name.empty() ? fmt::format("nodes[{}]", index) : fmt::format("node '{}'", node.name);
}

/// Shapes of the inputs of a node, or none when one of them is unknown (told then).
std::optional<std::vector<FeatureShape>> input_shapes(
    const std::vector<Node>& nodes, std::size_t index,
    const std::vector<std::optional<FeatureShape>>& shapes, Diagnostics& problems) {
  std::vector<FeatureShape> found;
  bool all_known = true;
  for (const NodeId id : nodes[index].inputs) {
    if (id.value < 0 || static_cast<std::size_t>(id.value) >= index) {
      problems.push_back({place_of(nodes[index], index),
                          fmt::format("reads node {} of {}, which does not come before it",
                                      id.value, nodes.size()),
                          "list the nodes so that each comes after its inputs"});
      all_known = false;
    } else if (const auto& shape = shapes[static_cast<std::size_t>(id.value)]) {
      found.push_back(*shape);
    } else {
      all_known = false;  // the problem of the input has been told
    }
  }
  if (!all_known) return std::nullopt;
  return found;
}

void check_names(const std::vector<Node>& nodes, Diagnostics& problems) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].name.empty())
      problems.push_back({place_of(nodes[i], i), "has no name", ""});
    else if (!names.insert(nodes[i].name).second)
      problems.push_back({place_of(nodes[i], i), "another node has this name", ""});
  }
}

void check_outputs(const std::vector<Node>& nodes, const std::vector<NodeId>& outputs,
                   Diagnostics& problems) {
  std::set<NodeId> seen;
  for (const NodeId id : outputs) {
    if (id.value < 0 || static_cast<std::size_t>(id.value) >= nodes.size())
      problems.push_back(
          {"outputs", fmt::format("node {} of {} is none", id.value, nodes.size()), ""});
    else if (!seen.insert(id).second)
      problems.push_back(
          {place_of(nodes[static_cast<std::size_t>(id.value)], static_cast<std::size_t>(id.value)),
           "is an output twice", ""});
  }
}

std::vector<NodeId> unread_nodes(const std::vector<Node>& nodes) {
  std::vector<bool> is_read(nodes.size(), false);
  for (const Node& each : nodes)
    for (const NodeId input : each.inputs) is_read[static_cast<std::size_t>(input.value)] = true;
  std::vector<NodeId> unread;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (!is_read[i]) unread.push_back({static_cast<std::int32_t>(i)});
  return unread;
}

void append(Diagnostics& all, const Diagnostics& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

Expected<Network> Network::make(std::string name, std::vector<Node> nodes,
                                std::vector<NodeId> outputs) {
  Diagnostics problems;
  check_names(nodes, problems);
  if (std::ranges::none_of(nodes, [](const Node& n) { return n.kind == NodeKind::input; }))
    problems.push_back({"nodes", "there is no input node", ""});

  Network network;
  std::vector<std::optional<FeatureShape>> shapes(nodes.size());
  std::int64_t macs = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto inputs = input_shapes(nodes, i, shapes, problems);
    if (!inputs) continue;
    auto inferred = infer_geometry(nodes[i], *inputs);
    if (!inferred) {
      append(problems, inferred.error());
      continue;
    }
    nodes[i] = std::move(*inferred);
    shapes[i] = nodes[i].shape;
    const auto op = operator_of_node(nodes[i], *inputs, 1);
    if (!op) append(problems, op.error());
    if (!is_compute(nodes[i].kind)) continue;
    network.compute_nodes_.push_back({static_cast<std::int32_t>(i)});
    if (op && *op) macs = std::min(macs + (*op)->macs(), kMaxMacs + 1);
  }
  check_outputs(nodes, outputs, problems);
  if (macs > kMaxMacs) problems.push_back({"nodes", "the network has more than 2^53 MACs", ""});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  network.name_ = std::move(name);
  network.nodes_ = std::move(nodes);
  network.outputs_ = outputs.empty() ? unread_nodes(network.nodes_) : std::move(outputs);
  return network;
}

const Node& Network::node(NodeId id) const {
  HWFLOW_CHECK(id.value >= 0 && static_cast<std::size_t>(id.value) < nodes_.size(),
               "a NodeId of another network");
  return nodes_[static_cast<std::size_t>(id.value)];
}

std::optional<NodeId> Network::find(std::string_view node_name) const {
  const auto found = std::ranges::find(nodes_, node_name, &Node::name);
  if (found == nodes_.end()) return std::nullopt;
  return NodeId{static_cast<std::int32_t>(found - nodes_.begin())};
}

std::vector<NodeId> Network::consumers(NodeId id) const {
  std::vector<NodeId> readers;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (std::ranges::find(nodes_[i].inputs, id) != nodes_[i].inputs.end())
      readers.push_back({static_cast<std::int32_t>(i)});
  return readers;
}

bool Network::is_output(NodeId id) const {
  return std::ranges::find(outputs_, id) != outputs_.end();
}

std::int64_t Network::macs() const {
  std::int64_t total = 0;
  for (const NodeId id : compute_nodes_) total += operator_of(id, 1)->macs();
  return total;
}

std::int64_t Network::parameters() const {
  std::int64_t total = 0;
  for (const Node& each : nodes_) total += each.prelu_slopes;
  for (const NodeId id : compute_nodes_) {
    const Node& each = node(id);
    const std::int64_t per_output = (each.has_bias ? 1 : 0) + (each.has_batch_norm ? 2 : 0);
    total += weight_count(each) + per_output * each.conv.out_channels;
  }
  return total;
}

std::int64_t Network::folded_parameters() const {
  std::int64_t total = 0;
  for (const Node& each : nodes_) total += each.prelu_slopes;
  for (const NodeId id : compute_nodes_) {
    const Node& each = node(id);
    total += weight_count(each);
    if (each.has_bias || each.has_batch_norm) total += each.conv.out_channels;
  }
  return total;
}

std::optional<Operator> Network::operator_of(NodeId id, std::int64_t batch) const {
  std::vector<FeatureShape> inputs;
  for (const NodeId input : node(id).inputs) inputs.push_back(node(input).shape);
  auto op = operator_of_node(node(id), inputs, batch);
  HWFLOW_CHECK(op.has_value(), "no operator at this batch size: " + to_text(op.error()));
  return std::move(*op);
}

}  // namespace hwflow
