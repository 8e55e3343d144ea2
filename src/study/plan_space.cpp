#include "study/plan_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

std::vector<int> ascending(const std::vector<int>& widths) {
  const std::set<int> distinct(widths.begin(), widths.end());
  return {distinct.begin(), distinct.end()};
}

std::optional<int> position_of(const std::vector<int>& widths, int width) {
  const auto place = std::find(widths.begin(), widths.end(), width);
  if (place == widths.end()) return std::nullopt;
  return static_cast<int>(std::distance(widths.begin(), place));
}

/// Widths of `list` that `used` has often enough, and those up to `steps` places beside them.
std::vector<int> near(const std::vector<int>& list, const std::vector<int>& used, int steps,
                      double share) {
  const double least = share * static_cast<double>(used.size());
  std::vector<int> kept;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto reach = static_cast<std::size_t>(steps);
    const std::size_t from = i > reach ? i - reach : 0, to = std::min(list.size(), i + reach + 1);
    const bool is_near =
        std::any_of(list.begin() + static_cast<std::ptrdiff_t>(from),
                    list.begin() + static_cast<std::ptrdiff_t>(to), [&](int width) {
                      const auto count = std::count(used.begin(), used.end(), width);
                      return count > 0 && static_cast<double>(count) >= least;
                    });
    if (is_near) kept.push_back(list[i]);
  }
  return kept.empty() ? list : kept;
}

}  // namespace

std::optional<std::size_t> find_compute_layer(const Network& network, std::string_view layer) {
  const std::vector<NodeId>& nodes = network.compute_nodes();
  if (nodes.empty()) return std::nullopt;
  // A node may bear one of these names itself; then the name means the node.
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (network.node(nodes[i]).name == layer) return i;
  }
  if (layer == "first") return 0;
  if (layer == "last") return nodes.size() - 1;
  return std::nullopt;
}

PlanSpace::PlanSpace(const SearchOptions& options, const Network& network)
    : alphabet_{ascending(options.weight_bits), ascending(options.input_bits)} {
  HWFLOW_CHECK(!alphabet_.weights.empty() && !alphabet_.inputs.empty(), "no allowed widths");
  const std::size_t layers = network.compute_nodes().size();
  pinned_ = CompressionPlan::uniform(layers, alphabet_.weights.back(), alphabet_.inputs.back());
  std::set<std::size_t> fixed;
  for (const PinnedLayer& pin : options.pinned) {
    const std::optional<std::size_t> layer = find_compute_layer(network, pin.layer);
    HWFLOW_CHECK(layer.has_value(), "pinned layer does not exist");
    pinned_.layers[*layer] = {pin.weights, pin.inputs};
    fixed.insert(*layer);
  }
  for (std::size_t i = 0; i < layers; ++i) {
    if (fixed.contains(i)) continue;
    free_layers_.push_back(i);
    choices_.push_back(alphabet_);
  }
  if (options.channels) choose_channels(*options.channels, network);
  count_genes();
}

std::int64_t channels_of_share(double share, std::int64_t size) {
  return std::max<std::int64_t>(1, std::llround(share * static_cast<double>(size)));
}

std::vector<std::int32_t> channels_of_share(double share, std::span<const std::int32_t> sizes) {
  std::vector<std::int32_t> counts;
  for (const std::int32_t size : sizes)
    counts.push_back(static_cast<std::int32_t>(channels_of_share(share, std::int64_t{size})));
  return counts;
}

Diagnostics check(const ChannelOptions& options, const Network& network) {
  Diagnostics problems;
  if (options.shares.empty()) problems.push_back({"shares", "names no share", "for example 0.5"});
  const ChannelGroups groups(network);
  std::vector<std::string> names;
  bool is_any_free = false;
  for (const ChannelGroup& group : groups.groups()) {
    for (const NodeId id : group.producers) names.push_back(network.node(id).name);
    const bool may_lose_some = counts_of(options, std::ssize(group.units)).size() > 1;
    is_any_free = is_any_free || (may_lose_some && !keeps_all(options, network, group));
  }
  for (std::size_t i = 0; i < options.keep.size(); ++i) {
    if (std::ranges::find(names, options.keep[i]) != names.end()) continue;
    problems.push_back({fmt::format("keep[{}]", i),
                        fmt::format("{} has no layer '{}' whose channels could be removed",
                                    network.name(), options.keep[i]),
                        nearest_name_hint(options.keep[i], names)});
  }
  if (!is_any_free) {
    problems.push_back({"", fmt::format("no channels of {} may be removed", network.name()),
                        names.empty()
                            ? "another network"
                            : "more shares, a smaller multiple, or fewer layers to keep"});
  }
  return problems;
}

std::vector<int> counts_of(const ChannelOptions& options, std::int64_t size) {
  std::set<int> counts;
  for (const double share : options.shares) {
    const std::int64_t wanted = channels_of_share(share, size);
    const std::int64_t rounded = (wanted + options.multiple - 1) / options.multiple;
    counts.insert(static_cast<int>(std::min(size, rounded * options.multiple)));
  }
  return {counts.begin(), counts.end()};
}

bool keeps_all(const ChannelOptions& options, const Network& network, const ChannelGroup& group) {
  const auto makers = std::ranges::count_if(
      group.producers, [&](NodeId id) { return !network.node(id).conv.is_depthwise(); });
  if (options.keep_shared && makers > 1) return true;
  return std::ranges::any_of(group.producers, [&](NodeId id) {
    return std::ranges::find(options.keep, network.node(id).name) != options.keep.end();
  });
}

void PlanSpace::choose_channels(const ChannelOptions& options, const Network& network) {
  const ChannelGroups groups(network);
  for (const ChannelGroup& group : groups.groups()) {
    const auto size = std::ssize(group.units);
    if (!keeps_all(options, network, group)) {
      const std::vector<int> counts = counts_of(options, size);
      free_groups_.push_back({group_sizes_.size(), counts, counts});
    }
    group_sizes_.push_back(static_cast<std::int32_t>(size));
  }
}

void PlanSpace::count_genes() {
  genomes_.largest.clear();
  genomes_.group = 2;
  for (const LayerWidths& widths : choices_) {
    genomes_.largest.push_back(static_cast<int>(widths.weights.size()) - 1);
    genomes_.largest.push_back(static_cast<int>(widths.inputs.size()) - 1);
  }
  genomes_.singles = free_groups_.size();
  for (const ChannelChoice& choice : free_groups_)
    genomes_.largest.push_back(static_cast<int>(choice.counts.size()) - 1);
}

PlanSpace PlanSpace::narrowed(std::span<const CompressionPlan> front, int steps,
                              double share) const {
  PlanSpace space = *this;
  for (std::size_t i = 0; i < free_layers_.size(); ++i) {
    std::vector<int> weights, inputs;
    for (const CompressionPlan& plan : front) {
      weights.push_back(plan.layers[free_layers_[i]].weights);
      inputs.push_back(plan.layers[free_layers_[i]].inputs);
    }
    space.choices_[i] = {near(choices_[i].weights, weights, steps, share),
                         near(choices_[i].inputs, inputs, steps, share)};
  }
  for (std::size_t i = 0; i < free_groups_.size(); ++i) {
    std::vector<int> counts;
    for (const CompressionPlan& plan : front) counts.push_back(free_counts(plan)[i]);
    space.free_groups_[i].counts = near(free_groups_[i].counts, counts, steps, share);
  }
  space.count_genes();
  return space;
}

CompressionPlan PlanSpace::decode(const pareto::Genome& genome) const {
  HWFLOW_CHECK(genome.size() == genomes_.largest.size(), "genome of another length");
  CompressionPlan plan = pinned_;
  for (std::size_t i = 0; i < free_layers_.size(); ++i) {
    plan.layers[free_layers_[i]] = {
        choices_[i].weights[static_cast<std::size_t>(genome[2 * i])],
        choices_[i].inputs[static_cast<std::size_t>(genome[2 * i + 1])]};
  }
  plan.channels = group_sizes_;
  for (std::size_t i = 0; i < free_groups_.size(); ++i) {
    const int gene = genome[2 * free_layers_.size() + i];
    plan.channels[free_groups_[i].group] = free_groups_[i].counts[static_cast<std::size_t>(gene)];
  }
  if (plan.channels == group_sizes_) plan.channels.clear();  // one way to say that all stay
  return plan;
}

std::vector<std::size_t> PlanSpace::free_groups() const {
  std::vector<std::size_t> groups;
  for (const ChannelChoice& choice : free_groups_) groups.push_back(choice.group);
  return groups;
}

std::vector<std::vector<int>> PlanSpace::channel_counts() const {
  std::vector<std::vector<int>> counts;
  for (const ChannelChoice& choice : free_groups_) counts.push_back(choice.counts);
  return counts;
}

std::vector<std::vector<int>> PlanSpace::all_channel_counts() const {
  std::vector<std::vector<int>> counts;
  for (const ChannelChoice& choice : free_groups_) counts.push_back(choice.all);
  return counts;
}

double PlanSpace::removed_channels(const CompressionPlan& plan) const {
  double removed = 0.0;
  for (std::size_t group = 0; group < plan.channels.size(); ++group)
    removed += 1.0 - static_cast<double>(plan.channels[group]) / group_sizes_.at(group);
  return removed;
}

std::vector<int> PlanSpace::free_counts(const CompressionPlan& plan) const {
  const std::vector<std::int32_t>& all = plan.channels.empty() ? group_sizes_ : plan.channels;
  std::vector<int> counts;
  for (const ChannelChoice& choice : free_groups_) counts.push_back(all.at(choice.group));
  return counts;
}

std::optional<pareto::Genome> PlanSpace::encode(const CompressionPlan& plan) const {
  HWFLOW_CHECK(plan.layers.size() == pinned_.layers.size(), "plan of another network");
  pareto::Genome genome;
  for (std::size_t i = 0; i < free_layers_.size(); ++i) {
    const PrecisionPair& pair = plan.layers[free_layers_[i]];
    const std::optional<int> weights = position_of(choices_[i].weights, pair.weights);
    const std::optional<int> inputs = position_of(choices_[i].inputs, pair.inputs);
    if (!weights || !inputs) return std::nullopt;
    genome.push_back(*weights);
    genome.push_back(*inputs);
  }
  if (!plan.channels.empty() && plan.channels.size() != group_sizes_.size()) return std::nullopt;
  CompressionPlan whole = plan;  // in the groups that may lose none
  const std::vector<int> counts = free_counts(plan);
  for (std::size_t i = 0; i < free_groups_.size(); ++i) {
    const std::optional<int> place = position_of(free_groups_[i].counts, counts[i]);
    if (!place) return std::nullopt;
    genome.push_back(*place);
    if (!whole.channels.empty())
      whole.channels[free_groups_[i].group] = group_sizes_[free_groups_[i].group];
  }
  if (!whole.channels.empty() && whole.channels != group_sizes_) return std::nullopt;
  return genome;
}

CompressionPlan PlanSpace::uniform(const WidthPair& widths) const {
  CompressionPlan plan = pinned_;
  for (const std::size_t layer : free_layers_) {
    plan.layers[layer] = {widths.weights, widths.inputs};
  }
  return plan;
}

CompressionPlan PlanSpace::with_channels(CompressionPlan plan,
                                         std::span<const std::int32_t> wanted) const {
  HWFLOW_CHECK(wanted.size() == group_sizes_.size(), "counts of another network");
  plan.channels = group_sizes_;
  for (const ChannelChoice& choice : free_groups_) {
    const auto enough = std::ranges::lower_bound(choice.counts, wanted[choice.group]);
    if (enough != choice.counts.end()) plan.channels[choice.group] = *enough;
  }
  if (plan.channels == group_sizes_) plan.channels.clear();
  return plan;
}

std::vector<WidthPair> PlanSpace::width_pairs() const {
  std::vector<WidthPair> pairs;
  for (std::size_t w = alphabet_.weights.size(); w-- > 0;) {
    for (std::size_t i = alphabet_.inputs.size(); i-- > 0;) {
      pairs.push_back({alphabet_.weights[w], alphabet_.inputs[i]});
    }
  }
  return pairs;
}

std::vector<LayerWidths> PlanSpace::layer_widths() const {
  std::vector<LayerWidths> widths;
  for (const PrecisionPair& pair : pinned_.layers)
    widths.push_back({{pair.weights}, {pair.inputs}});
  for (std::size_t i = 0; i < free_layers_.size(); ++i) widths[free_layers_[i]] = choices_[i];
  return widths;
}

}  // namespace hwflow::study
