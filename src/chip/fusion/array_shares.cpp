#include "chip/fusion/array_shares.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.hpp"

namespace hwflow::chip {

ArrayShares::ArrayShares(const Accelerator& machine) {
  const auto& levels = machine.levels();
  const auto level = std::find_if(levels.begin(), levels.end(), [](const MemoryLevel& candidate) {
    return candidate.fanout.instances() > 1;
  });
  if (level == levels.end()) {
    machines_.push_back(machine);
    return;
  }
  const auto place = static_cast<std::size_t>(level - levels.begin());
  const bool by_columns = level->fanout.x >= level->fanout.y;
  const std::int64_t all = by_columns ? level->fanout.x : level->fanout.y;
  for (std::int64_t columns = 1; columns < all; ++columns) {
    Accelerator::Fields fields = machine.fields();
    Fanout& fanout = fields.levels[place].fanout;
    (by_columns ? fanout.x : fanout.y) = columns;
    auto part = Accelerator::make(std::move(fields));
    HWFLOW_CHECK(part.has_value(), "part of an array is no machine: " + to_text(part.error()));
    machines_.push_back(std::move(*part));
  }
  machines_.push_back(machine);
}

std::optional<std::vector<std::int64_t>> share_out(
    const std::vector<std::vector<std::int64_t>>& cycles) {
  const auto columns = static_cast<std::int64_t>(cycles.front().size());
  std::vector<std::int64_t> limits;
  for (const auto& stage : cycles) limits.insert(limits.end(), stage.begin(), stage.end());
  std::sort(limits.begin(), limits.end());
  /// The fewest columns with which every stage is done in time.
  const auto shares_within = [&](std::int64_t limit) {
    std::vector<std::int64_t> shares;
    for (const auto& stage : cycles) {
      const auto enough = std::find_if(stage.begin(), stage.end(),
                                       [&](std::int64_t time) { return time <= limit; });
      shares.push_back(enough - stage.begin() + 1);  // columns + 1: not even with all of them
    }
    return shares;
  };
  const auto needs_too_many = [&](std::int64_t limit) {
    const auto shares = shares_within(limit);
    return std::accumulate(shares.begin(), shares.end(), std::int64_t{0}) > columns ||
           *std::max_element(shares.begin(), shares.end()) > columns;
  };
  const auto limit = std::partition_point(limits.begin(), limits.end(), needs_too_many);
  if (limit == limits.end()) return std::nullopt;
  return shares_within(*limit);
}

}  // namespace hwflow::chip
