#include "train/fault/campaign_summary.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

namespace hwflow::train::fault {
namespace {

RateGroup key_of(const Stratum& stratum, GroupBy by) {
  RateGroup group;
  group.site = static_cast<int>(stratum.site);
  if (by == GroupBy::layer || by == GroupBy::layer_and_bit) group.node = stratum.node;
  if (by == GroupBy::bit || by == GroupBy::layer_and_bit) group.bit = stratum.bit;
  return group;
}

std::int64_t failures(const Tally& tally) { return tally.top1_changed + tally.crashed; }

}  // namespace

std::vector<RateGroup> rates_by(const FaultSpace& space, std::span<const Outcome> outcomes,
                                GroupBy by, double confidence) {
  std::map<std::tuple<int, std::int64_t, int>, std::size_t> index;
  std::vector<RateGroup> groups;
  std::vector<std::size_t> group_of;  // of every stratum
  std::vector<std::int64_t> population;
  for (const Stratum& stratum : space.strata()) {
    const RateGroup key = key_of(stratum, by);
    const auto [known, is_new] = index.try_emplace({key.site, key.node, key.bit}, groups.size());
    if (is_new) {
      groups.push_back(key);
      population.push_back(0);
    }
    group_of.push_back(known->second);
    population[known->second] += stratum.words;
  }
  std::vector<std::vector<Outcome>> parts(groups.size());
  for (const Outcome& outcome : outcomes) parts[group_of[outcome.stratum]].push_back(outcome);
  for (std::size_t g = 0; g < groups.size(); ++g)
    groups[g].rate = rate_of(parts[g], confidence, population[g]);
  return groups;
}

Rate overall_rate(const FaultSpace& space, std::span<const Outcome> outcomes, double confidence) {
  const std::vector<RateGroup> sites = rates_by(space, outcomes, GroupBy::site, confidence);
  if (sites.size() == 1) return sites.front().rate;
  Rate all = rate_of(outcomes, confidence, space.population());
  all.rate = all.interval.low = all.interval.high = 0.0;
  for (const RateGroup& site : sites) {
    std::int64_t faults = 0;
    for (const Stratum& stratum : space.strata())
      if (static_cast<int>(stratum.site) == site.site) faults += stratum.words;
    const double share = static_cast<double>(faults) / static_cast<double>(space.population());
    all.rate += share * site.rate.rate;
    all.interval.low += share * site.rate.interval.low;
    all.interval.high += share * site.rate.interval.high;
  }
  return all;
}

std::vector<std::size_t> worst_faults(std::span<const Outcome> outcomes, std::size_t count) {
  std::vector<std::size_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return failures(outcomes[i].tally) == 0; });
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t i) { return failures(outcomes[i].tally); });
  order.resize(std::min(order.size(), count));
  return order;
}

}  // namespace hwflow::train::fault
