#include "train/fault/campaign_summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace hwflow::train::fault {
namespace {

RateGroup key_of(const Stratum& stratum, GroupBy by) {
  RateGroup group;
  group.site = static_cast<int>(stratum.site);
  if (by == GroupBy::layer || by == GroupBy::layer_and_bit) group.node = stratum.node;
  if (by == GroupBy::bit || by == GroupBy::layer_and_bit) group.bit = stratum.bit;
  if (by == GroupBy::effect) group.effect = static_cast<int>(stratum.effect);
  return group;
}

double share_of(std::int64_t part, const Tally& tally) {
  return tally.inferences == 0 ? 0.0
                               : static_cast<double>(part) / static_cast<double>(tally.inferences);
}

}  // namespace

void FaultCounts::add(const Outcome& outcome) {
  tally += outcome.tally;
  crossed.add(outcome.failed, outcome.tally.inferences);
}

FaultCounts& FaultCounts::operator+=(const FaultCounts& other) {
  tally += other.tally;
  crossed += other.crossed;
  return *this;
}

Rate FaultCounts::rate(double confidence, std::int64_t population) const {
  return {.faults = crossed.faults,
          .tally = tally,
          .rate = share_of(tally.failures(), tally),
          .masked = share_of(tally.masked, tally),
          .top5_changed = share_of(tally.top5_changed, tally),
          .crashed = share_of(tally.crashed, tally),
          .right = share_of(tally.right, tally),
          .intervals = intervals_of(crossed, confidence, population)};
}

CampaignSummary::CampaignSummary(std::size_t strata, std::size_t drawn, std::uint64_t seed,
                                 std::size_t worst)
    : strata_(strata), most_drawn_(drawn), most_worst_(worst), rng_(seed) {}

void CampaignSummary::add(std::span<const Upset> upsets, const Outcome& outcome) {
  strata_.at(outcome.stratum).add(outcome);
  const auto kept = [&, number = faults_++] {
    return Kept{number, {upsets.begin(), upsets.end()}, outcome.tally};
  };
  const auto at = std::ranges::upper_bound(worst_, outcome.tally.failures(), std::greater{},
                                           [](const Kept& k) { return k.tally.failures(); });
  if (outcome.tally.failures() > 0 && (at != worst_.end() || worst_.size() < most_worst_)) {
    worst_.insert(at, kept());
    if (worst_.size() > most_worst_) worst_.pop_back();
  }
  // A reservoir: fault n takes the place of one of those kept with probability kept / n.
  if (drawn_.size() < most_drawn_)
    drawn_.push_back(kept());
  else if (const std::uint64_t place = rng_.below(static_cast<std::uint64_t>(faults_));
           place < most_drawn_)
    drawn_[place] = kept();
}

FaultCounts CampaignSummary::all() const {
  FaultCounts all;
  for (const FaultCounts& stratum : strata_) all += stratum;
  return all;
}

std::vector<RateGroup> rates_by(const FaultSpace& space, const CampaignSummary& summary, GroupBy by,
                                double confidence) {
  std::map<std::tuple<int, std::int64_t, int, int>, std::size_t> index;
  std::vector<RateGroup> groups;
  std::vector<FaultCounts> counts;
  for (std::size_t s = 0; s < space.strata().size(); ++s) {
    const RateGroup key = key_of(space.strata()[s], by);
    const auto [known, is_new] =
        index.try_emplace({key.site, key.node, key.bit, key.effect}, groups.size());
    if (is_new) {
      groups.push_back(key);
      counts.emplace_back();
    }
    groups[known->second].population += space.strata()[s].words;
    counts[known->second] += summary.strata().at(s);
  }
  for (std::size_t g = 0; g < groups.size(); ++g)
    groups[g].rate = counts[g].rate(confidence, groups[g].population);
  return groups;
}

Rate overall_rate(const FaultSpace& space, const CampaignSummary& summary, double confidence) {
  const std::vector<RateGroup> sites = rates_by(space, summary, GroupBy::site, confidence);
  if (sites.size() == 1) return sites.front().rate;
  Rate all;
  double below = 0.0, above = 0.0;  // squares of distances
  Interval& like = all.intervals.of_images_like_these;
  like = {0.0, 0.0};
  for (const RateGroup& site : sites) {
    const double weight =
        static_cast<double>(site.population) / static_cast<double>(space.population());
    const Rate& own = site.rate;
    all.faults += own.faults;
    all.tally += own.tally;
    all.rate += weight * own.rate;
    all.masked += weight * own.masked;
    all.top5_changed += weight * own.top5_changed;
    all.crashed += weight * own.crashed;
    all.right += weight * own.right;
    below += std::pow(weight * (own.rate - own.intervals.of_these_images.low), 2);
    above += std::pow(weight * (own.intervals.of_these_images.high - own.rate), 2);
    like.low += weight * own.intervals.of_images_like_these.low;
    like.high += weight * own.intervals.of_images_like_these.high;
  }
  all.intervals.of_these_images = {std::max(0.0, all.rate - std::sqrt(below)),
                                   std::min(1.0, all.rate + std::sqrt(above))};
  return all;
}

}  // namespace hwflow::train::fault
