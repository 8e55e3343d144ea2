#include "train/fault/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "train/fault/fault_draw.hpp"

namespace hwflow::train::fault {
namespace {

Tally tally_of(const Verdict& verdict, std::uint8_t label) {
  return {1,
          verdict.masked ? 1 : 0,
          verdict.top1_changed ? 1 : 0,
          verdict.top5_changed ? 1 : 0,
          verdict.crashed ? 1 : 0,
          !verdict.crashed && verdict.top1 == label ? 1 : 0};
}

/// One image at a time: fault-free codes stay in the cache while all its faults are run. Of few
/// images each is run by several threads, on faults of their own: number part, part + parts, ...
class Run {
 public:
  Run(const integer::Plan& plan, const Workload& workload, const RunFault& run, int threads)
      : plan_(plan), workload_(workload), run_(run), threads_(threads) {
    HWFLOW_CHECK(workload.count() > 0, "no images");
  }

  [[nodiscard]] std::size_t images() const { return workload_.labels.size(); }
  [[nodiscard]] std::size_t parts() const {
    return (4 * static_cast<std::size_t>(threads_) + images() - 1) / images();
  }

  /// Calls visit(task) for every image and part, by several threads.
  template <class Visit>
  void for_each_part(const std::stop_token& stop, const Visit& visit) const {
    parallel_for(images() * parts(), threads_, [&](std::size_t task) {
      if (!stop.stop_requested()) visit(task % images(), task / images());
    });
  }

  /// Calls visit(fault, tally) for the faults first, first + step, ... below count of an image.
  template <class Visit>
  void run_image(std::size_t image, std::size_t first, std::size_t step, std::size_t count,
                 const Visit& visit) const {
    if (first >= count) return;
    const std::size_t size = workload_.pixels.size() / images();
    Golden golden = make_golden(plan_);
    Propagation propagation(plan_);
    run_golden(plan_, workload_.pixels.data() + image * size, golden);
    propagation.begin(golden);
    for (std::size_t fault = first; fault < count; fault += step)
      visit(fault, tally_of(run_(propagation, fault), workload_.labels[image]));
  }

 private:
  const integer::Plan& plan_;
  const Workload& workload_;
  const RunFault& run_;
  int threads_;
};

bool is_done(const CampaignResult& result, const FaultSpace& space,
             const CampaignOptions& options) {
  if (result.summary.faults() >= result.planned) return true;
  const bool looks = options.stop_at_margin || options.relative_margin > 0.0;
  if (options.exhaustive || !looks || result.summary.faults() == 0) return false;
  return std::ranges::all_of(rates_by(space, result.summary, GroupBy::site, options.confidence),
                             [&](const RateGroup& site) {
                               const double half = site.rate.intervals.of_these_images.half_width();
                               return (options.stop_at_margin && half <= options.margin) ||
                                      half <= options.relative_margin * site.rate.rate;
                             });
}

}  // namespace

std::vector<Outcome> run_faults(const integer::Plan& plan, const Workload& workload,
                                std::size_t count, const RunFault& run, int threads,
                                const InferenceProgress& progress, const std::stop_token& stop) {
  const Run runs(plan, workload, run, threads);
  const std::size_t words = (runs.images() + 63) / 64;
  std::vector<Outcome> outcomes(count);
  std::mutex mutex;
  std::int64_t done = 0;
  runs.for_each_part(stop, [&](std::size_t image, std::size_t part) {
    std::vector<std::pair<std::size_t, Tally>> own;
    runs.run_image(image, part, runs.parts(), count,
                   [&](std::size_t fault, const Tally& tally) { own.emplace_back(fault, tally); });
    const std::scoped_lock lock(mutex);
    for (const auto& [fault, tally] : own) {
      outcomes[fault].tally += tally;
      if (tally.failures() == 0) continue;
      outcomes[fault].failed.resize(words);
      outcomes[fault].failed[image / 64] |= std::uint64_t{1} << (image % 64);
    }
    done += std::ssize(own);
    if (progress) progress(done, static_cast<std::int64_t>(count) * workload.count());
  });
  return outcomes;
}

std::vector<Outcome> run_faults(const integer::Plan& plan, const Workload& workload,
                                const FaultList& faults, int threads,
                                const InferenceProgress& progress, const std::stop_token& stop) {
  return run_faults(
      plan, workload, faults.size(),
      [&](Propagation& propagation, std::size_t fault) { return propagation.run(faults[fault]); },
      threads, progress, stop);
}

std::vector<Tally> run_in_turn(const integer::Plan& plan, const Workload& workload,
                               std::size_t count, const RunFault& run, int threads,
                               const InferenceProgress& progress, const std::stop_token& stop) {
  const Run runs(plan, workload, run, threads);
  std::vector<Tally> tallies(runs.images());
  std::mutex mutex;
  std::int64_t done = 0;
  runs.for_each_part(stop, [&](std::size_t image, std::size_t part) {
    Tally own;
    runs.run_image(image, image + part * runs.images(), runs.images() * runs.parts(), count,
                   [&](std::size_t, const Tally& tally) { own += tally; });
    const std::scoped_lock lock(mutex);
    tallies[image] += own;
    done += own.inferences;
    if (progress) progress(done, static_cast<std::int64_t>(count));
  });
  return tallies;
}

std::int64_t count_right(const integer::Plan& plan, const Workload& workload, int threads) {
  FaultList fault_free;
  fault_free.add(std::span<const Upset>{});
  return run_faults(plan, workload, fault_free, threads).front().tally.right;
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
  if (!(options.relative_margin >= 0.0 && options.relative_margin < 1.0))
    refuse("--relative-margin", options.relative_margin, "above 0, below 1");
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

CampaignResult run_campaign(const integer::Plan& plan, const FaultSpace& space,
                            const Workload& workload, const CampaignOptions& options,
                            const CampaignHooks& hooks, const std::stop_token& stop) {
  HWFLOW_CHECK(check(options).empty(), to_text(check(options)));
  CampaignResult result{.summary = CampaignSummary(space.strata().size(), options.kept,
                                                   Rng::derive(options.seed, ~std::uint64_t{0})()),
                        .population = space.population(),
                        .planned = planned_faults(space, options)};
  FaultDraw draw(space, options.seed);
  while (!is_done(result, space, options)) {
    std::vector<std::uint32_t> strata;
    const FaultList faults =
        draw.draw(std::min(options.round, result.planned - result.summary.faults()), strata);
    std::vector<Outcome> outcomes;
    if (hooks.known) outcomes = hooks.known(faults.size());
    if (outcomes.size() < faults.size()) {
      const auto start = std::chrono::steady_clock::now();
      outcomes = run_faults(plan, workload, faults, options.threads, hooks.progress, stop);
      if (stop.stop_requested()) {
        result.stopped = true;
        return result;
      }
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      result.seconds += seconds.count();
      result.inferences += std::ssize(outcomes) * workload.count();
    }
    for (std::size_t f = 0; f < faults.size(); ++f) {
      outcomes[f].stratum = strata[f];
      result.summary.add(faults[f], outcomes[f]);
    }
    if (hooks.on_round) hooks.on_round(faults, outcomes, result);
  }
  return result;
}

}  // namespace hwflow::train::fault
