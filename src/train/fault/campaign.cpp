#include "train/fault/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <numeric>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "train/fault/campaign_summary.hpp"
#include "train/fault/fault_draw.hpp"

namespace hwflow::train::fault {
namespace {

/// One image at a time: fault-free codes stay in the cache while all faults are run on them.
class Run {
 public:
  Run(const integer::Plan& plan, const Workload& workload, std::size_t count, const RunFault& run,
      Spread spread)
      : plan_(plan), workload_(workload), count_(count), run_(run), spread_(spread) {
    HWFLOW_CHECK(workload.count() > 0, "no images");
  }

  [[nodiscard]] std::int64_t all() const {
    const auto faults = static_cast<std::int64_t>(count_);
    return spread_ == Spread::one_image ? faults : faults * workload_.count();
  }

  std::vector<Tally> run(int threads, const InferenceProgress& progress,
                         const std::stop_token& stop) {
    tallies_.assign(count_, {});
    // Of few images each is run by several threads, on faults of their own.
    const auto images = static_cast<std::size_t>(workload_.count());
    const std::size_t parts = spread_ == Spread::one_image
                                  ? 1
                                  : (4 * static_cast<std::size_t>(threads) + images - 1) / images;
    parallel_for(images * parts, threads, [&](std::size_t task) {
      if (stop.stop_requested()) return;
      const std::vector<std::pair<std::size_t, Tally>> own =
          run_image(task % images, task / images, parts);
      const std::scoped_lock lock(mutex_);
      for (const auto& [fault, tally] : own) tallies_[fault] += tally;
      done_ += std::ssize(own);
      if (progress) progress(done_, all());
    });
    return std::move(tallies_);
  }

 private:
  /// Of the faults of the image number part, part + parts, ...
  std::vector<std::pair<std::size_t, Tally>> run_image(std::size_t image, std::size_t part,
                                                       std::size_t parts) const {
    const std::size_t size = workload_.pixels.size() / workload_.labels.size();
    const bool one = spread_ == Spread::one_image;
    const std::size_t step = one ? static_cast<std::size_t>(workload_.count()) : parts;
    std::vector<std::pair<std::size_t, Tally>> own;
    Golden golden = make_golden(plan_);
    Propagation propagation(plan_);
    run_golden(plan_, workload_.pixels.data() + image * size, golden);
    propagation.begin(golden);
    for (std::size_t fault = one ? image : part; fault < count_; fault += step)
      own.emplace_back(fault, tally_of(run_(propagation, fault), workload_.labels[image]));
    return own;
  }

  static Tally tally_of(const Verdict& verdict, std::uint8_t label) {
    return {1,
            verdict.masked ? 1 : 0,
            verdict.top1_changed ? 1 : 0,
            verdict.top5_changed ? 1 : 0,
            verdict.crashed ? 1 : 0,
            !verdict.crashed && verdict.top1 == label ? 1 : 0};
  }

  const integer::Plan& plan_;
  const Workload& workload_;
  std::size_t count_;
  const RunFault& run_;
  Spread spread_;
  std::mutex mutex_;
  std::vector<Tally> tallies_;
  std::int64_t done_ = 0;
};

bool is_done(const CampaignResult& result, const FaultSpace& space,
             const CampaignOptions& options) {
  if (std::ssize(result.outcomes) >= result.planned) return true;
  if (options.exhaustive || options.fixed || result.outcomes.empty()) return false;
  return std::ranges::all_of(
      rates_by(space, result.outcomes, GroupBy::site, options.confidence),
      [&](const RateGroup& site) { return site.rate.interval.half_width() <= options.margin; });
}

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  inferences += other.inferences;
  masked += other.masked;
  top1_changed += other.top1_changed;
  top5_changed += other.top5_changed;
  crashed += other.crashed;
  right += other.right;
  return *this;
}

std::vector<Tally> run_faults(const integer::Plan& plan, const Workload& workload,
                              std::size_t count, const RunFault& run, Spread spread, int threads,
                              const InferenceProgress& progress, const std::stop_token& stop) {
  return Run(plan, workload, count, run, spread).run(threads, progress, stop);
}

std::vector<Tally> run_faults(const integer::Plan& plan, const Workload& workload,
                              const FaultList& faults, Spread spread, int threads,
                              const InferenceProgress& progress, const std::stop_token& stop) {
  return run_faults(
      plan, workload, faults.size(),
      [&](Propagation& propagation, std::size_t fault) { return propagation.run(faults[fault]); },
      spread, threads, progress, stop);
}

std::int64_t count_right(const integer::Plan& plan, const Workload& workload, int threads) {
  FaultList fault_free;
  fault_free.add(std::span<const Upset>{});
  return run_faults(plan, workload, fault_free, Spread::all_images, threads).front().right;
}

Diagnostics check(const CampaignOptions& options) {
  Diagnostics problems;
  const auto refuse = [&](const char* name, double value, const char* hint) {
    problems.push_back({fmt::format("{} {}", name, value), "is out of range", hint});
  };
  if (!(options.margin > 0.0 && options.margin < 0.5))
    refuse("--margin", options.margin, "above 0, below 0.5");
  if (!(options.confidence > 0.0 && options.confidence < 1.0))
    refuse("--confidence", options.confidence, "above 0, below 1");
  if (options.most_faults < 0)
    refuse("--most-faults", static_cast<double>(options.most_faults),
           "1 and more, 0 = by --margin");
  if (options.round < 1) refuse("--round", static_cast<double>(options.round), "1 and more");
  if (options.threads < 1) refuse("--threads", options.threads, "1 and more");
  return problems;
}

std::int64_t planned_faults(std::int64_t population, const CampaignOptions& options) {
  if (options.exhaustive) return population;
  if (options.most_faults > 0) return std::min(options.most_faults, population);
  return sample_size(population, options.margin, options.confidence);
}

std::int64_t planned_faults(const FaultSpace& space, const CampaignOptions& options) {
  if (options.exhaustive || options.most_faults > 0)
    return planned_faults(space.population(), options);
  std::map<Site, std::int64_t> populations;
  for (const Stratum& stratum : space.strata()) populations[stratum.site] += stratum.words;
  std::int64_t planned = 0;
  for (const auto& [site, population] : populations) planned += planned_faults(population, options);
  return planned;
}

Rate rate_of(std::span<const Outcome> outcomes, double confidence, std::int64_t population) {
  Rate rate;
  rate.faults = std::ssize(outcomes);
  for (const Outcome& outcome : outcomes) rate.tally += outcome.tally;
  if (rate.tally.inferences == 0) return rate;
  rate.rate = static_cast<double>(rate.tally.top1_changed + rate.tally.crashed) /
              static_cast<double>(rate.tally.inferences);
  rate.interval =
      wilson(rate.rate * static_cast<double>(rate.faults), rate.faults, confidence, population);
  return rate;
}

CampaignResult run_campaign(const integer::Plan& plan, const FaultSpace& space,
                            const Workload& workload, const CampaignOptions& options,
                            std::span<const Outcome> known, const CampaignHooks& hooks,
                            const std::stop_token& stop) {
  HWFLOW_CHECK(check(options).empty(), to_text(check(options)));
  CampaignResult result;
  result.population = space.population();
  result.planned = planned_faults(space, options);
  FaultDraw draw(space, options.seed);
  while (!is_done(result, space, options)) {
    const std::int64_t count =
        std::min(options.round, result.planned - std::ssize(result.outcomes));
    std::vector<std::uint32_t> strata;
    const FaultList faults = draw.draw(count, strata);
    const std::size_t first = result.outcomes.size();
    std::vector<Tally> tallies;
    if (first + faults.size() <= known.size()) {
      for (std::size_t f = 0; f < faults.size(); ++f) tallies.push_back(known[first + f].tally);
    } else {
      const auto start = std::chrono::steady_clock::now();
      tallies = run_faults(plan, workload, faults, Spread::all_images, options.threads,
                           hooks.progress, stop);
      if (stop.stop_requested()) {
        result.stopped = true;
        return result;
      }
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      result.seconds += seconds.count();
      result.inferences += std::ssize(tallies) * workload.count();
    }
    for (std::size_t f = 0; f < faults.size(); ++f) {
      result.faults.add(faults[f]);
      result.outcomes.push_back({strata[f], tallies[f]});
    }
    if (hooks.on_round) hooks.on_round(result);
  }
  return result;
}

}  // namespace hwflow::train::fault
