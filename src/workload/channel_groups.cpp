#include "workload/channel_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <span>

#include "base/check.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow {
namespace {

using Tokens = std::vector<std::size_t>;  // of every channel of a tensor

/// Sets of channels that are tied, by union and find.
class Ties {
 public:
  Tokens fresh(std::int64_t count) {
    Tokens made(static_cast<std::size_t>(count));
    std::iota(made.begin(), made.end(), parents_.size());
    for (const std::size_t token : made) {
      parents_.push_back(token);
      fixed_.push_back(false);
    }
    return made;
  }
  void tie(std::size_t a, std::size_t b) {
    a = root(a);
    b = root(b);
    parents_[std::max(a, b)] = std::min(a, b);
    fixed_[std::min(a, b)] = fixed_[a] || fixed_[b];
  }
  void tie(std::span<const std::size_t> a, std::span<const std::size_t> b) {
    for (std::size_t i = 0; i < a.size(); ++i) tie(a[i], b[i]);
  }
  void fix(std::span<const std::size_t> tokens) {
    for (const std::size_t token : tokens) fixed_[root(token)] = true;
  }
  [[nodiscard]] bool is_fixed(std::size_t token) { return fixed_[root(token)]; }
  [[nodiscard]] std::size_t root(std::size_t token) {
    while (parents_[token] != token) token = parents_[token] = parents_[parents_[token]];
    return token;
  }

 private:
  std::vector<std::size_t> parents_;
  std::vector<bool> fixed_;
};

/// Walks the network once and ties the channels of its tensors.
class Walk {
 public:
  explicit Walk(const Network& network) : network_(network) {
    for (const Node& node : network.nodes()) tokens_.push_back(result_of(node));
    for (const NodeId output : network.outputs()) ties_.fix(of(output));
  }

  Ties& ties() { return ties_; }
  [[nodiscard]] const Tokens& of(NodeId node) const {
    return tokens_[static_cast<std::size_t>(node.value)];
  }

 private:
  Tokens fixed(std::int64_t count) {
    Tokens made = ties_.fresh(count);
    ties_.fix(made);
    return made;
  }

  /// The output channels of a convolution in `groups`, tied as its groups demand.
  Tokens convolved(const ConvShape& conv, const Tokens& inputs) {
    Tokens outputs = ties_.fresh(conv.out_channels);
    const auto groups = static_cast<std::size_t>(conv.groups);
    const std::size_t in = inputs.size() / groups, out = outputs.size() / groups;
    if (groups == 1) return outputs;
    if (conv.is_depthwise()) {  // a group lives as long as its input
      for (std::size_t i = 0; i < outputs.size(); ++i) ties_.tie(inputs[i / out], outputs[i]);
      return outputs;
    }
    for (std::size_t i = in; i < inputs.size(); ++i) ties_.tie(inputs[i % in], inputs[i]);
    for (std::size_t i = out; i < outputs.size(); ++i) ties_.tie(outputs[i % out], outputs[i]);
    return outputs;
  }

  Tokens joined_elementwise(const Tokens& a, const Tokens& b) {
    if (a.size() == b.size()) {
      ties_.tie(a, b);
      return a;
    }
    const Tokens &one = a.size() < b.size() ? a : b, &many = a.size() < b.size() ? b : a;
    ties_.fix(one);  // a channel that all others meet
    return many;
  }

  Tokens concatenated(const Node& node) {
    Tokens all = of(node.inputs.front());
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const Tokens& more = of(node.inputs[i]);
      if (node.axis == 1) {
        all.insert(all.end(), more.begin(), more.end());
      } else {
        ties_.tie(all, more);
      }
    }
    return all;
  }

  Tokens padded(const Node& node, const Tokens& inputs) {
    const auto cut = [](std::int64_t pad) { return std::max<std::int64_t>(0, -pad); };
    const auto zeros = [](std::int64_t pad) { return std::max<std::int64_t>(0, pad); };
    if (node.channel_pad_before < 0 || node.channel_pad_after < 0) ties_.fix(inputs);
    Tokens all = ties_.fresh(zeros(node.channel_pad_before));
    all.insert(all.end(), inputs.begin() + cut(node.channel_pad_before),
               inputs.end() - cut(node.channel_pad_after));
    const Tokens after = ties_.fresh(zeros(node.channel_pad_after));
    all.insert(all.end(), after.begin(), after.end());
    return all;
  }

  Tokens reshaped(const Node& node) {
    const NodeId input = node.inputs.front();
    const FeatureShape& from = network_.node(input).shape;
    const Tokens& inputs = of(input);
    if (node.shape.channels == from.channels && node.not_executable.empty()) return inputs;
    const bool flattens = node.shape.channels == from.elements() && node.not_executable.empty();
    if (!flattens) {
      ties_.fix(inputs);
      return fixed(node.shape.channels);
    }
    Tokens all;
    for (const std::size_t token : inputs)
      all.insert(all.end(), static_cast<std::size_t>(from.height * from.width), token);
    return all;
  }

  Tokens result_of(const Node& node) {
    switch (node.kind) {
      case NodeKind::input: return fixed(node.shape.channels);
      case NodeKind::convolution:
      case NodeKind::transposed_convolution: return convolved(node.conv, of(node.inputs[0]));
      case NodeKind::fully_connected: return ties_.fresh(node.shape.channels);
      case NodeKind::add:
      case NodeKind::multiply: return joined_elementwise(of(node.inputs[0]), of(node.inputs[1]));
      case NodeKind::concat: return concatenated(node);
      case NodeKind::pad:
      case NodeKind::subsample: return padded(node, of(node.inputs[0]));
      case NodeKind::reshape: return reshaped(node);
      case NodeKind::max_pooling:
      case NodeKind::average_pooling:
      case NodeKind::resize:
      case NodeKind::activation: return of(node.inputs[0]);
      case NodeKind::matrix_product:
      case NodeKind::softmax: break;
    }
    for (const NodeId input : node.inputs) ties_.fix(of(input));
    return fixed(node.shape.channels);
  }

  const Network& network_;
  Ties ties_;
  std::vector<Tokens> tokens_;
};

bool makes_channels(NodeKind kind) {
  return kind == NodeKind::convolution || kind == NodeKind::transposed_convolution ||
         kind == NodeKind::fully_connected;
}

/// Units by the root of their channels, in the order of their first channels.
std::vector<std::pair<std::size_t, ChannelUnit>> units_of(const Network& network, Walk& walk) {
  std::vector<std::pair<std::size_t, ChannelUnit>> units;
  std::map<std::size_t, std::size_t> place;  // by root
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    if (!makes_channels(network.nodes()[i].kind)) continue;
    const NodeId node{static_cast<std::int32_t>(i)};
    for (std::size_t channel = 0; channel < walk.of(node).size(); ++channel) {
      const std::size_t token = walk.of(node)[channel];
      if (walk.ties().is_fixed(token)) continue;
      const std::size_t root = walk.ties().root(token);
      const auto [found, is_new] = place.emplace(root, units.size());
      if (is_new) units.emplace_back(root, ChannelUnit{});
      units[found->second].second.made.push_back({node, static_cast<std::int64_t>(channel)});
    }
  }
  return units;
}

std::vector<NodeId> producers_of(const ChannelUnit& unit) {
  std::vector<NodeId> producers;
  for (const ChannelOf& channel : unit.made) {
    if (producers.empty() || producers.back() != channel.node) producers.push_back(channel.node);
  }
  return producers;
}

}  // namespace

ChannelGroups::ChannelGroups(const Network& network) {
  Walk walk(network);
  std::map<std::size_t, UnitId> ids;  // by root
  std::map<std::vector<NodeId>, std::size_t> place;
  for (auto& [root, unit] : units_of(network, walk)) {
    const auto [found, is_new] = place.emplace(producers_of(unit), groups_.size());
    if (is_new) groups_.push_back({found->first, {}});
    std::vector<ChannelUnit>& units = groups_[found->second].units;
    ids[root] = {static_cast<std::int32_t>(found->second), static_cast<std::int32_t>(units.size())};
    units.push_back(std::move(unit));
  }
  std::map<NodeId, int> met;
  for (const ChannelGroup& group : groups_) {
    const std::string& first = network.node(group.producers.front()).name;
    const int count = ++met[group.producers.front()];
    names_.push_back(count == 1 ? first : fmt::format("{} ({})", first, count));
  }
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    std::vector<std::optional<UnitId>>& list = channels_.emplace_back();
    for (const std::size_t token : walk.of({static_cast<std::int32_t>(i)})) {
      const auto found = ids.find(walk.ties().root(token));
      list.push_back(found == ids.end() ? std::nullopt : std::optional(found->second));
    }
  }
}

}  // namespace hwflow
