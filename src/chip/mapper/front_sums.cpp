#include "chip/mapper/front_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace hwflow::chip {
namespace {

constexpr double kFirstCell = 1e-4;

/// The points of two values that nothing seen so far beats: falling in the second value.
class Staircase {
 public:
  /// Adds the point unless one that is there is at least as good in both.
  bool add(double first, double second) {
    auto after = steps_.upper_bound(first);
    if (after != steps_.begin() && std::prev(after)->second <= second) return false;
    auto at = steps_.lower_bound(first);
    while (at != steps_.end() && at->second >= second) at = steps_.erase(at);
    steps_.emplace(first, second);
    return true;
  }

 private:
  std::map<double, double> steps_;
};

std::array<std::int64_t, 3> cell_of(const FrontPoint& values, double width) {
  std::array<std::int64_t, 3> cell{};
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0.0)
      cell[i] = static_cast<std::int64_t>(std::floor(std::log(values[i]) / std::log1p(width)));
  return cell;
}

}  // namespace

FrontSums::FrontSums(std::size_t objectives, std::size_t most)
    : objectives_(objectives), most_(most) {}

void FrontSums::add(std::span<const FrontPoint> set) {
  std::vector<Sum> all;
  all.reserve(sums_.size() * set.size());
  for (std::uint32_t before = 0; before < sums_.size(); ++before)
    for (std::uint32_t pick = 0; pick < set.size(); ++pick) {
      Sum sum{sums_[before], {before, pick}};
      for (std::size_t i = 0; i < objectives_; ++i) sum.values[i] += set[pick][i];
      all.push_back(sum);
    }
  drop_dominated(all);
  thin(all);
  sums_.clear();
  auto& origins = origins_.emplace_back();
  for (const Sum& sum : all) {
    sums_.push_back(sum.values);
    origins.push_back(sum.origin);
  }
}

/// By rising first value; the rest is a staircase of the other two.
void FrontSums::drop_dominated(std::vector<Sum>& sums) const {
  std::sort(sums.begin(), sums.end(), [](const Sum& a, const Sum& b) {
    if (a.values != b.values) return a.values < b.values;
    return std::pair(a.origin.before, a.origin.pick) < std::pair(b.origin.before, b.origin.pick);
  });
  Staircase stairs;
  std::erase_if(sums, [&](const Sum& sum) { return !stairs.add(sum.values[1], sum.values[2]); });
}

/// Of every cell the first sum stays: the others are less than its factor below it.
void FrontSums::thin(std::vector<Sum>& sums) {
  double width = kFirstCell, used = 0.0;
  while (sums.size() > most_) {
    std::set<std::array<std::int64_t, 3>> seen;
    std::vector<Sum> kept;
    for (const Sum& sum : sums)
      if (seen.insert(cell_of(sum.values, width)).second) kept.push_back(sum);
    sums = std::move(kept);
    used = (1.0 + used) * (1.0 + width) - 1.0;
    width *= 2.0;
  }
  error_ = (1.0 + error_) * (1.0 + used) - 1.0;
}

std::vector<std::uint32_t> FrontSums::picks(std::size_t sum) const {
  std::vector<std::uint32_t> picks(origins_.size());
  auto at = static_cast<std::uint32_t>(sum);
  for (std::size_t set = origins_.size(); set-- > 0;) {
    picks[set] = origins_[set][at].pick;
    at = origins_[set][at].before;
  }
  return picks;
}

}  // namespace hwflow::chip
