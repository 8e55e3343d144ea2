#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "train/fault/campaign_summary.hpp"
#include "train/fault/fault.hpp"
#include "train/fault/fault_space.hpp"
#include "train/fault/outcome.hpp"
#include "train/fault/propagation.hpp"
#include "train/fault/statistics.hpp"
#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// Images that faults are run on.
struct Workload {
  std::span<const std::uint8_t> pixels;  ///< of each image planes of bytes
  std::span<const std::uint8_t> labels;
  [[nodiscard]] std::int64_t count() const { return std::ssize(labels); }
};

/// Called after each image with the inferences done and all; from any thread, one at a time.
using InferenceProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Runs fault number `fault` on the image that was begun.
using RunFault = std::function<Verdict(Propagation& propagation, std::size_t fault)>;

/// Runs faults 0 to count - 1 on all images, of each how it ended, of stratum 0. The result does
/// not depend on `threads`; when `stop` is asked for it is of no use. `run` is called by several
/// threads at once.
[[nodiscard]] std::vector<Outcome> run_faults(const integer::Plan& plan, const Workload& workload,
                                              std::size_t count, const RunFault& run, int threads,
                                              const InferenceProgress& progress = {},
                                              const std::stop_token& stop = {});
/// Those of a list. An empty fault is a fault-free inference.
[[nodiscard]] std::vector<Outcome> run_faults(const integer::Plan& plan, const Workload& workload,
                                              const FaultList& faults, int threads,
                                              const InferenceProgress& progress = {},
                                              const std::stop_token& stop = {});

/// Runs fault f on image f % images alone. Of each image, in memory that does not grow with
/// `count`.
[[nodiscard]] std::vector<Tally> run_in_turn(const integer::Plan& plan, const Workload& workload,
                                             std::size_t count, const RunFault& run, int threads,
                                             const InferenceProgress& progress = {},
                                             const std::stop_token& stop = {});

/// How many images the fault-free network gets right.
[[nodiscard]] std::int64_t count_right(const integer::Plan& plan, const Workload& workload,
                                       int threads);

struct CampaignOptions {
  double margin = 0.01;  ///< half width of an interval when half of the inferences fail
  double confidence = 0.95;
  std::int64_t most_faults = 0;  ///< 0: as many as sample_size() says
  bool exhaustive = false;       ///< all faults of the space, whatever the margins
  bool stop_at_margin = false;   ///< as soon as the interval of every site is no wider than that
  double relative_margin = 0.0;  ///< the same of a half width over the rate; 0: not
  std::int64_t round = 500;      ///< faults between two looks at the interval
  std::uint64_t seed = 1;
  int threads = 1;
  std::size_t kept = 200;  ///< faults drawn of those run, for CampaignSummary::drawn()
};
/// Errors  every option out of range, by its name on the command line.
[[nodiscard]] Diagnostics check(const CampaignOptions& options);

/// How many faults a campaign draws if no look at the interval ends it: all, options.most_faults,
/// or for each site sample_size().
[[nodiscard]] std::int64_t planned_faults(const FaultSpace& space, const CampaignOptions& options);
/// The same of a population that is not cut into sites.
[[nodiscard]] std::int64_t planned_faults(std::int64_t population, const CampaignOptions& options);

struct CampaignResult {
  CampaignSummary summary;
  std::int64_t population = 0;
  std::int64_t planned = 0;     ///< by sample_size(), or all
  bool stopped = false;         ///< before it was done: by the stop token
  double seconds = 0.0;         ///< of running faults, those resumed from not included
  std::int64_t inferences = 0;  ///< run in these seconds
};

struct CampaignHooks {
  InferenceProgress progress{};  ///< of the round at work
  /// After each round: its faults, how they ended, and all so far. What it keeps is what `known`
  /// gives back.
  std::function<void(const FaultList& faults, const std::vector<Outcome>& outcomes,
                     const CampaignResult& so_far)>
      on_round{};
  /// Outcomes of the next `count` faults from a campaign of the same space and seed that was
  /// stopped; fewer: no more are known.
  std::function<std::vector<Outcome>(std::size_t count)> known{};
};

/// Draws single faults round by round, of each site as many, and runs each on all images, until the
/// faults planned are done, or a margin of the options is met on these images. Memory is bounded by
/// a round, time is linear in faults.
[[nodiscard]] CampaignResult run_campaign(const integer::Plan& plan, const FaultSpace& space,
                                          const Workload& workload, const CampaignOptions& options,
                                          const CampaignHooks& hooks = {},
                                          const std::stop_token& stop = {});

}  // namespace hwflow::train::fault
