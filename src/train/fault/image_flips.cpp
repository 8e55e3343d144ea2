#include "train/fault/image_flips.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/fault/fault_space.hpp"
#include "train/fault/golden.hpp"
#include "train/fault/propagation.hpp"
#include "train/fault/statistics.hpp"
#include "train/nn/image_split.hpp"

namespace hwflow::train::fault {
namespace {

constexpr double kConfidence = 0.95;

/// The groups of a fault space, and which of its strata belong to which.
struct Groups {
  std::vector<FlipGroup> groups;
  std::vector<std::size_t> of_stratum;
};

Groups groups_of(const integer::Plan& plan, const FaultSpace& space) {
  // A stratum is one bit of a word: widths are counted first, by copy.
  std::map<std::tuple<Site, std::uint32_t, std::uint32_t>, int> widths;
  for (const Stratum& s : space.strata()) ++widths[{s.site, s.node, s.copy}];
  Groups found;
  std::map<std::tuple<Site, std::uint32_t, int>, std::size_t> places;
  for (const auto& [copy, bits] : widths)
    places.emplace(std::tuple{std::get<0>(copy), std::get<1>(copy), bits}, 0);
  for (auto& [key, place] : places) {
    const auto& [site, node, bits] = key;
    place = found.groups.size();
    found.groups.push_back({site, plan.network.network.nodes()[node].name, bits});
  }
  for (const Stratum& s : space.strata()) {
    const int bits = widths.at({s.site, s.node, s.copy});
    found.of_stratum.push_back(places.at({s.site, s.node, bits}));
    if (s.bit == 0) found.groups[found.of_stratum.back()].words += s.words;
  }
  return found;
}

/// Bits that flips are drawn from together: strata one behind the other.
class Population {
 public:
  void add(std::size_t stratum, std::int64_t words) {
    strata_.push_back(stratum);
    ends_.push_back(size() + words);
  }
  [[nodiscard]] std::int64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  /// Stratum and word of bit number `i`.
  [[nodiscard]] std::pair<std::size_t, std::int64_t> at(std::int64_t i) const {
    const auto end = std::ranges::upper_bound(ends_, i);
    const auto place = static_cast<std::size_t>(end - ends_.begin());
    return {strata_[place], i - (place == 0 ? 0 : ends_[place - 1])};
  }

 private:
  std::vector<std::size_t> strata_;
  std::vector<std::int64_t> ends_;
};

struct Flip {
  std::size_t group;
  Upset upset;
};

class Run {
 public:
  Run(const integer::Plan& plan, const FlipRequest& request, const ImageSet& images)
      : plan_(plan),
        request_(request),
        images_(images),
        space_(FaultSpace::make(plan, {.sites = request.sites}).value()),
        groups_(groups_of(plan, space_)),
        flips_(static_cast<std::size_t>(images.count())) {
    HWFLOW_CHECK(images.count() > 0, "no images");
    draw();
  }

  std::optional<FlipCampaign> run(const FlipProgress& progress, const std::stop_token& stop) {
    parallel_for(flips_.size(), request_.threads, [&](std::size_t image) {
      if (stop.stop_requested()) return;
      const std::vector<std::int64_t> failures = run_image(image);
      const std::scoped_lock lock(mutex_);
      for (std::size_t g = 0; g < failures.size(); ++g) groups_.groups[g].failures += failures[g];
      done_ += std::ssize(flips_[image]);
      if (progress) progress(done_, all_);
    });
    if (stop.stop_requested()) return std::nullopt;
    FlipCampaign campaign{groups_.groups};
    if (!request_.of_each_group) set_interval(campaign);
    return campaign;
  }

 private:
  void draw() {
    std::vector<Population> populations(request_.of_each_group ? groups_.groups.size() : 1);
    for (std::size_t s = 0; s < space_.strata().size(); ++s)
      populations[request_.of_each_group ? groups_.of_stratum[s] : 0].add(s,
                                                                          space_.strata()[s].words);
    for (std::size_t p = 0; p < populations.size(); ++p)
      draw(populations[p], Rng::derive(request_.seed, p)());
  }

  void draw(const Population& population, std::uint64_t seed) {
    const std::int64_t bits = population.size(), images = images_.count();
    const bool all = request_.flips == 0 || request_.flips / images >= bits;
    const std::int64_t count = all ? bits * images : std::min(request_.flips, bits * images);
    is_whole_ = is_whole_ && count == bits * images;
    const RandomOrder order(bits, seed);
    for (std::int64_t k = 0; k < count; ++k) {
      const auto image = static_cast<std::size_t>((k % bits + k / bits) % images);
      const auto [stratum, word] = population.at(order[k % bits]);
      const std::size_t group = groups_.of_stratum[stratum];
      flips_[image].push_back({group, space_.upset(stratum, word)});
      ++groups_.groups[group].inferences;
    }
    all_ += count;
  }

  [[nodiscard]] std::vector<std::int64_t> run_image(std::size_t image) const {
    std::vector<std::int64_t> failures(groups_.groups.size());
    if (flips_[image].empty()) return failures;
    const std::size_t size = images_.pixels.size() / images_.labels.size();
    Golden golden = make_golden(plan_);
    Propagation propagation(plan_);
    run_golden(plan_, images_.pixels.data() + image * size, golden);
    propagation.begin(golden);
    for (const Flip& flip : flips_[image]) {
      const Verdict verdict = propagation.run(std::span(&flip.upset, 1));
      failures[flip.group] += verdict.top1_changed || verdict.crashed ? 1 : 0;
    }
    return failures;
  }

  void set_interval(FlipCampaign& campaign) const {
    std::int64_t failures = 0;
    for (const FlipGroup& group : campaign.groups) failures += group.failures;
    const double share = static_cast<double>(failures) / static_cast<double>(all_);
    const Interval interval = is_whole_ ? Interval{share, share}
                                        : wilson(static_cast<double>(failures), all_, kConfidence);
    campaign.low = interval.low;
    campaign.high = interval.high;
  }

  const integer::Plan& plan_;
  const FlipRequest& request_;
  const ImageSet& images_;
  FaultSpace space_;
  Groups groups_;
  std::vector<std::vector<Flip>> flips_;  ///< by image
  std::int64_t all_ = 0, done_ = 0;
  bool is_whole_ = true;  ///< every bit on every image
  std::mutex mutex_;
};

ImageSet chosen(const ImageSet& set, const FlipRequest& request) {
  if (request.images == 0 || request.images >= set.count()) return set;
  std::vector<std::int64_t> all(static_cast<std::size_t>(set.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return select(set, spread_sample(all, request.images, request.seed));
}

}  // namespace

std::optional<FlipCampaign> ImageFlips::run(const IntegerNetwork& network,
                                            const FlipRequest& request,
                                            const FlipProgress& progress,
                                            const std::stop_token& stop) {
  const Expected<integer::Plan> plan = integer::compile(network, KernelSet::best);
  HWFLOW_CHECK(plan.has_value(), to_text(plan.error()));
  const ImageSet images = chosen(request.set == FlipImages::test ? test_ : search_, request);
  return Run(*plan, request, images).run(progress, stop);
}

}  // namespace hwflow::train::fault
