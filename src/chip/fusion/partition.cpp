#include "chip/fusion/partition.hpp"

#include <algorithm>
#include <limits>

namespace hwflow::chip {
namespace {

/// Sums up to a cut, and how they came about.
struct Label {
  PartCost sum;
  std::size_t option = 0;  ///< the last
  std::size_t before = 0;  ///< label at the cut where it begins
};

bool beats(const PartCost& a, const PartCost& b) {
  return a.first <= b.first && a.second <= b.second;
}

void keep_unbeaten(std::vector<Label>& labels, PartitionGoal goal) {
  std::stable_sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) {
    return a.sum.first != b.sum.first ? a.sum.first < b.sum.first : a.sum.second < b.sum.second;
  });
  std::vector<Label> kept;
  for (const Label& label : labels) {
    if (!kept.empty() && (goal == PartitionGoal::sum || beats(kept.back().sum, label.sum)))
      continue;
    kept.push_back(label);
  }
  labels = std::move(kept);
}

}  // namespace

double value_of(const PartCost& sum, PartitionGoal goal) {
  return goal == PartitionGoal::sum ? sum.first : sum.first * sum.second;
}

Partition cheapest_partition(std::size_t layers, const std::vector<PartOption>& options,
                             PartitionGoal goal) {
  std::vector<std::vector<std::size_t>> ending(layers + 1);
  for (std::size_t i = 0; i < options.size(); ++i) ending[options[i].slice.last].push_back(i);
  std::vector<std::vector<Label>> labels(layers + 1);
  labels[0].push_back({});
  for (std::size_t cut = 1; cut <= layers; ++cut) {
    for (const std::size_t i : ending[cut]) {
      const std::vector<Label>& from = labels[options[i].slice.first];
      for (std::size_t before = 0; before < from.size(); ++before) {
        labels[cut].push_back({{from[before].sum.first + options[i].cost.first,
                                from[before].sum.second + options[i].cost.second},
                               i,
                               before});
      }
    }
    keep_unbeaten(labels[cut], goal);
  }
  Partition best{std::numeric_limits<double>::max(), {}};
  std::size_t at = 0;
  for (std::size_t i = 0; i < labels[layers].size(); ++i) {
    const double value = value_of(labels[layers][i].sum, goal);
    if (value < best.value) {
      best.value = value;
      at = i;
    }
  }
  for (std::size_t cut = layers; cut > 0 && !labels[layers].empty();) {
    const Label& label = labels[cut][at];
    best.options.push_back(label.option);
    at = label.before;
    cut = options[label.option].slice.first;
  }
  std::reverse(best.options.begin(), best.options.end());
  return best;
}

}  // namespace hwflow::chip
