#include "train/prune/criteria.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/check.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

double sum_of_magnitudes(std::span<const float> filter) {
  double sum = 0.0;
  for (const float w : filter) sum += std::abs(w);
  return sum;
}

double length(std::span<const float> filter) {
  double sum = 0.0;
  for (const float w : filter) sum += double{w} * w;
  return std::sqrt(sum);
}

double distance(std::span<const float> a, std::span<const float> b) {
  float sums[16] = {};  // so that the loop runs in vectors
  std::size_t i = 0;
  for (; i + 16 <= a.size(); i += 16)
    for (std::size_t j = 0; j < 16; ++j) sums[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
  double total = std::accumulate(std::begin(sums), std::end(sums), 0.0);
  for (; i < a.size(); ++i) total += double{a[i] - b[i]} * (a[i] - b[i]);
  return std::sqrt(total);
}

std::vector<double> distances(const std::vector<std::vector<float>>& filters) {
  std::vector<double> sums(filters.size(), 0.0);
  for (std::size_t a = 0; a < filters.size(); ++a)
    for (std::size_t b = a + 1; b < filters.size(); ++b) {
      const double between = distance(filters[a], filters[b]);
      sums[a] += between;
      sums[b] += between;
    }
  return sums;
}

std::vector<double> scores_of(const Node& node, const WeightMap& weights, Criterion criterion) {
  if (criterion == Criterion::batch_norm) {
    std::vector<double> scores;
    if (!node.has_batch_norm) return scores;
    for (const float gain : weights.at(node.name + ".batch_norm.weight").values)
      scores.push_back(std::abs(gain));
    return scores;
  }
  std::vector<std::vector<float>> filters;
  for (std::int64_t k = 0; k < output_channels(node); ++k)
    filters.push_back(filter_of(node, weights, k));
  if (criterion == Criterion::geometric_median) return distances(filters);
  std::vector<double> scores;
  for (const std::vector<float>& filter : filters)
    scores.push_back(criterion == Criterion::l1 ? sum_of_magnitudes(filter) : length(filter));
  return scores;
}

/// Groups of which no layer has a score.
Diagnostics groups_without(const Network& network, const ChannelGroups& groups,
                           const ChannelScores& scores) {
  Diagnostics problems;
  for (const ChannelGroup& group : groups.groups()) {
    const bool has_any = std::ranges::any_of(group.producers, [&](NodeId id) {
      return !scores[static_cast<std::size_t>(id.value)].empty();
    });
    if (has_any) continue;
    problems.push_back({fmt::format("layer '{}'", network.node(group.producers.front()).name),
                        "has no BatchNorm to judge its channels by",
                        "another criterion, for example l1"});
  }
  return problems;
}

}  // namespace

std::string_view name(Criterion criterion) {
  for (const auto& [text, value] : enum_names(criterion)) {
    if (value == criterion) return text;
  }
  HWFLOW_CHECK(false, "unknown criterion");
  return {};
}

std::vector<float> filter_of(const Node& node, const WeightMap& weights, std::int64_t channel) {
  const FloatTensor& weight = weights.at(node.name + ".weight");
  const std::int64_t columns = weight.shape[1];
  const std::int64_t inner = std::ssize(weight.values) / (weight.shape[0] * columns);
  if (node.kind != NodeKind::transposed_convolution) {
    const auto begin = weight.values.begin() + channel * columns * inner;
    return {begin, begin + columns * inner};
  }
  // (inputs, outputs of a group, ...): one column of the rows of the channel's group.
  std::vector<float> filter;
  const std::int64_t rows = node.conv.in_channels / node.conv.groups;
  const std::int64_t first = channel / columns * rows;
  for (std::int64_t row = first; row < first + rows; ++row) {
    const auto begin = weight.values.begin() + (row * columns + channel % columns) * inner;
    filter.insert(filter.end(), begin, begin + inner);
  }
  return filter;
}

Expected<ChannelScores> weight_scores(const Network& network, const ChannelGroups& groups,
                                      const WeightMap& weights, Criterion criterion) {
  HWFLOW_CHECK(criterion != Criterion::taylor, "taylor asks for images: taylor_scores()");
  ChannelScores scores(network.nodes().size());
  std::set<NodeId> producers;
  for (const ChannelGroup& group : groups.groups())
    producers.insert(group.producers.begin(), group.producers.end());
  for (const NodeId id : producers)
    scores[static_cast<std::size_t>(id.value)] = scores_of(network.node(id), weights, criterion);
  if (Diagnostics problems = groups_without(network, groups, scores); !problems.empty())
    return Unexpected{std::move(problems)};
  return scores;
}

UnitScores unit_scores(const ChannelGroups& groups, const ChannelScores& scores) {
  std::vector<double> sums(scores.size(), 0.0), counts(scores.size(), 0.0);
  const auto for_each = [&](const ChannelUnit& unit, const auto& body) {
    for (const ChannelOf& channel : unit.made) {
      const auto node = static_cast<std::size_t>(channel.node.value);
      if (!scores[node].empty())
        body(node, scores[node][static_cast<std::size_t>(channel.channel)]);
    }
  };
  for (const ChannelGroup& group : groups.groups())
    for (const ChannelUnit& unit : group.units)
      for_each(unit, [&](std::size_t node, double score) {
        sums[node] += score;
        counts[node] += 1.0;
      });
  UnitScores result;
  for (const ChannelGroup& group : groups.groups()) {
    std::vector<double>& units = result.emplace_back();
    for (const ChannelUnit& unit : group.units) {
      double total = 0.0, judged = 0.0;
      for_each(unit, [&](std::size_t node, double score) {
        if (sums[node] <= 0.0) return;
        total += score * counts[node] / sums[node];
        judged += 1.0;
      });
      units.push_back(judged > 0.0 ? total / judged : 0.0);
    }
  }
  return result;
}

KeptUnits keep_best(const UnitScores& scores, std::span<const std::int32_t> counts) {
  HWFLOW_CHECK(scores.size() == counts.size(), "a count for each group");
  KeptUnits kept;
  for (std::size_t g = 0; g < scores.size(); ++g) {
    HWFLOW_CHECK(counts[g] >= 1 && counts[g] <= std::ssize(scores[g]), "count outside the group");
    std::vector<std::int32_t> order(scores[g].size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
      return scores[g][static_cast<std::size_t>(a)] > scores[g][static_cast<std::size_t>(b)];
    });
    order.resize(static_cast<std::size_t>(counts[g]));
    std::ranges::sort(order);
    kept.groups.push_back(std::move(order));
  }
  return kept;
}

std::vector<std::int32_t> counts_by_global_score(const UnitScores& scores, double share,
                                                 double least) {
  struct Unit {
    double score;
    std::size_t group;
  };
  std::vector<Unit> units;
  std::vector<std::int32_t> counts, floors;
  for (std::size_t g = 0; g < scores.size(); ++g) {
    const auto size = static_cast<double>(scores[g].size());
    counts.push_back(static_cast<std::int32_t>(size));
    floors.push_back(std::max(1, static_cast<std::int32_t>(std::ceil(least * size - 1e-9))));
    for (const double score : scores[g]) units.push_back({score, g});
  }
  std::ranges::stable_sort(units, {}, &Unit::score);
  auto surplus = std::llround((1.0 - share) * static_cast<double>(units.size()));
  for (const Unit& unit : units) {
    if (surplus == 0) break;
    if (counts[unit.group] == floors[unit.group]) continue;
    --counts[unit.group];
    --surplus;
  }
  return counts;
}

}  // namespace hwflow::train
