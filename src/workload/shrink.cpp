#include "workload/shrink.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/check.hpp"

namespace hwflow {
namespace {

Diagnostics wrong_number(const ChannelGroups& groups, std::size_t told) {
  return {{"number of groups",
           fmt::format("is {}; the network has {}", told, groups.groups().size()),
           "'hwflow prune NETWORK --groups' lists them"}};
}

Diagnostics problems_of(const ChannelGroups& groups, const KeptUnits& units) {
  if (units.groups.size() != groups.groups().size())
    return wrong_number(groups, units.groups.size());
  Diagnostics problems;
  for (std::size_t g = 0; g < units.groups.size(); ++g) {
    const std::vector<std::int32_t>& kept = units.groups[g];
    const std::size_t count = groups.groups()[g].units.size();
    const std::string place = fmt::format("channels of '{}'", groups.names()[g]);
    if (kept.empty()) {
      problems.push_back({place, "none is kept", "a layer needs one"});
      continue;
    }
    const bool ascends = std::ranges::adjacent_find(kept, std::greater_equal<>()) == kept.end();
    if (!ascends || kept.front() < 0 || static_cast<std::size_t>(kept.back()) >= count) {
      problems.push_back({place, "are not ascending numbers of its units",
                          fmt::format("0 to {}, each once", count - 1)});
    }
  }
  return problems;
}

/// Of every node's result the channels that stay.
std::vector<std::vector<std::int64_t>> kept_channels(const Network& network,
                                                     const ChannelGroups& groups,
                                                     const KeptUnits& units) {
  std::vector<std::vector<std::int64_t>> kept(network.nodes().size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto& channels = groups.channels({static_cast<std::int32_t>(i)});
    for (std::size_t k = 0; k < channels.size(); ++k) {
      if (channels[k] &&
          !std::ranges::binary_search(units.groups[static_cast<std::size_t>(channels[k]->group)],
                                      channels[k]->unit))
        continue;
      kept[i].push_back(static_cast<std::int64_t>(k));
    }
  }
  return kept;
}

/// How many of a pad's channels before and after those of its input stay.
void narrow_pads(Node& node, std::int64_t old_channels, const std::vector<std::int64_t>& kept) {
  const std::int64_t before = node.channel_pad_before, after = node.channel_pad_after;
  if (before > 0)
    node.channel_pad_before =
        std::ranges::count_if(kept, [&](std::int64_t k) { return k < before; });
  if (after > 0) {
    node.channel_pad_after =
        std::ranges::count_if(kept, [&](std::int64_t k) { return k >= old_channels - after; });
  }
}

/// The node with fewer channels; what follows from its inputs is inferred later.
Node narrowed(const Network& network, std::size_t at,
              const std::vector<std::vector<std::int64_t>>& kept) {
  Node node = network.nodes()[at];
  const auto count = std::ssize(kept[at]);
  const std::int64_t old_channels = node.shape.channels;
  if (node.prelu_slopes == old_channels) node.prelu_slopes = count;
  switch (node.kind) {
    case NodeKind::convolution:
    case NodeKind::transposed_convolution: {
      if (node.conv.is_depthwise())
        node.conv.groups = std::ssize(kept[static_cast<std::size_t>(node.inputs[0].value)]);
      node.conv.out_channels = count;
      break;
    }
    case NodeKind::fully_connected: node.conv.out_channels = count; break;
    case NodeKind::pad:
    case NodeKind::subsample: narrow_pads(node, old_channels, kept[at]); break;
    case NodeKind::resize:
    case NodeKind::reshape: node.shape.channels = count; break;
    default: break;
  }
  return node;
}

}  // namespace

KeptUnits KeptUnits::all(const ChannelGroups& groups) {
  KeptUnits units;
  for (const ChannelGroup& group : groups.groups()) {
    std::vector<std::int32_t>& kept = units.groups.emplace_back(group.units.size());
    std::iota(kept.begin(), kept.end(), 0);
  }
  return units;
}

std::string to_text(const KeptUnits& units) {
  std::vector<std::string> groups;
  for (const std::vector<std::int32_t>& kept : units.groups)
    groups.push_back(fmt::format("{}", fmt::join(kept, ",")));
  return fmt::format("{}", fmt::join(groups, " "));
}

Expected<KeptUnits> kept_units_from_text(std::string_view text) {
  KeptUnits units;
  Diagnostics problems;
  std::size_t begin = 0;
  while (begin < text.size()) {
    if (units.groups.empty() || text[begin - 1] == ' ') units.groups.emplace_back();
    const std::size_t end = std::min(text.find_first_of(", ", begin), text.size());
    std::int32_t unit = -1;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, unit);
    if (error != std::errc() || stop != text.data() + end || unit < 0) {
      problems.push_back({fmt::format("channels of group {}", units.groups.size()),
                          fmt::format("'{}' is no number", text.substr(begin, end - begin)),
                          "commas between numbers, a space between groups"});
    }
    units.groups.back().push_back(unit);
    begin = end + 1;
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return units;
}

KeptUnits KeptUnits::first(std::span<const std::int32_t> counts) {
  KeptUnits units;
  for (const std::int32_t count : counts) {
    std::vector<std::int32_t>& kept = units.groups.emplace_back(static_cast<std::size_t>(count));
    std::iota(kept.begin(), kept.end(), 0);
  }
  return units;
}

Diagnostics check_channels(const ChannelGroups& groups, const CompressionPlan& plan) {
  if (plan.channels.empty()) return {};
  if (plan.channels.size() != groups.groups().size())
    return wrong_number(groups, plan.channels.size());
  Diagnostics problems;
  for (std::size_t g = 0; g < plan.channels.size(); ++g) {
    const auto most = std::ssize(groups.groups()[g].units);
    if (plan.channels[g] >= 1 && plan.channels[g] <= most) continue;
    problems.push_back({fmt::format("channels of '{}'", groups.names()[g]),
                        fmt::format("{} cannot be kept", plan.channels[g]),
                        fmt::format("1 to {}", most)});
  }
  return problems;
}

Expected<ShrunkNetwork> shrink(const Network& network, const ChannelGroups& groups,
                               const KeptUnits& units) {
  if (Diagnostics problems = problems_of(groups, units); !problems.empty())
    return Unexpected{std::move(problems)};
  std::vector<std::vector<std::int64_t>> kept = kept_channels(network, groups, units);
  std::vector<Node> nodes;
  for (std::size_t i = 0; i < kept.size(); ++i) nodes.push_back(narrowed(network, i, kept));
  auto made = Network::make(network.name(), std::move(nodes), network.outputs());
  HWFLOW_CHECK(made.has_value(), "a network without some of its channels is one");
  return ShrunkNetwork{std::move(*made), std::move(kept)};
}

}  // namespace hwflow
