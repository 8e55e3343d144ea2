#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "train/prune/criterion.hpp"
#include "workload/shrink.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

[[nodiscard]] std::string_view name(Criterion criterion);

/// Of every channel of the nodes that make channels, by node; empty for others.
using ChannelScores = std::vector<std::vector<double>>;
/// Of every unit, by group: the larger, the more it is worth.
using UnitScores = std::vector<std::vector<double>>;

/// The filter of an output channel: a copy, in the order of the tensor.
[[nodiscard]] std::vector<float> filter_of(const Node& node, const WeightMap& weights,
                                           std::int64_t channel);

/// By all criteria but taylor.
/// Errors  batch_norm: nodes without one that no coupled node with one stands for, by name.
[[nodiscard]] Expected<ChannelScores> weight_scores(const Network& network,
                                                    const ChannelGroups& groups,
                                                    const WeightMap& weights, Criterion criterion);

/// The mean over a unit's channels of score / mean score of the layer's channels that can be
/// removed: 1 on average, so that units of any group can be compared. Layers whose scores are empty
/// do not count.
[[nodiscard]] UnitScores unit_scores(const ChannelGroups& groups, const ChannelScores& scores);

/// The `counts` units of each group with the greatest scores; of equal ones the first.
/// counts: of every group, 1 to the number of its units.
[[nodiscard]] KeptUnits keep_best(const UnitScores& scores, std::span<const std::int32_t> counts);

/// How many of each group stay when units are removed by rising score, whatever their group, until
/// `share` of all are left; every group keeps one, and `least` of its units at least (a share).
[[nodiscard]] std::vector<std::int32_t> counts_by_global_score(const UnitScores& scores,
                                                               double share, double least);

}  // namespace hwflow::train
