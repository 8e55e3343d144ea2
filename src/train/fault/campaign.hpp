#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "train/fault/fault.hpp"
#include "train/fault/fault_space.hpp"
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

/// How a fault, or several, ended; numbers of inferences.
struct Tally {
  std::int64_t inferences = 0;
  std::int64_t masked = 0;
  std::int64_t top1_changed = 0;
  std::int64_t top5_changed = 0;
  std::int64_t crashed = 0;
  std::int64_t right = 0;  ///< the class is the label; a crash is wrong
  Tally& operator+=(const Tally& other);
  bool operator==(const Tally&) const = default;
};

/// Whether a fault is run on every image or on one: fault f on image f % images.
enum class Spread : std::uint8_t { all_images, one_image };

/// Called after each image with the inferences done and all; from any thread, one at a time.
using InferenceProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Runs fault number `fault` on the image that was begun.
using RunFault = std::function<Verdict(Propagation& propagation, std::size_t fault)>;

/// Runs faults 0 to count - 1, of each the tally. The result does not depend on `threads`; when
/// `stop` is asked for it is of no use. `run` is called by several threads at once.
[[nodiscard]] std::vector<Tally> run_faults(const integer::Plan& plan, const Workload& workload,
                                            std::size_t count, const RunFault& run, Spread spread,
                                            int threads, const InferenceProgress& progress = {},
                                            const std::stop_token& stop = {});
/// Those of a list. An empty fault is a fault-free inference.
[[nodiscard]] std::vector<Tally> run_faults(const integer::Plan& plan, const Workload& workload,
                                            const FaultList& faults, Spread spread, int threads,
                                            const InferenceProgress& progress = {},
                                            const std::stop_token& stop = {});

/// How many images the fault-free network gets right.
[[nodiscard]] std::int64_t count_right(const integer::Plan& plan, const Workload& workload,
                                       int threads);

struct CampaignOptions {
  double margin = 0.01;  ///< half width of the interval that is good enough
  double confidence = 0.95;
  std::int64_t most_faults = 0;  ///< 0: as many as sample_size() says
  bool exhaustive = false;       ///< all faults of the space, whatever the margin
  bool fixed = false;            ///< all faults planned, also when the margin is met before
  std::int64_t round = 500;      ///< faults between two looks at the interval
  std::uint64_t seed = 1;
  int threads = 1;
};
/// Errors  every option out of range, by its name on the command line.
[[nodiscard]] Diagnostics check(const CampaignOptions& options);

/// How many faults a campaign draws if no look at the interval ends it: all, options.most_faults,
/// or for each site sample_size().
[[nodiscard]] std::int64_t planned_faults(const FaultSpace& space, const CampaignOptions& options);
/// The same of a population that is not cut into sites.
[[nodiscard]] std::int64_t planned_faults(std::int64_t population, const CampaignOptions& options);

/// A fault that was run.
struct Outcome {
  std::uint32_t stratum = 0;
  Tally tally;
  bool operator==(const Outcome&) const = default;
};

struct CampaignResult {
  FaultList faults;
  std::vector<Outcome> outcomes;  ///< parallel to faults
  std::int64_t population = 0;
  std::int64_t planned = 0;     ///< by sample_size(), or all
  bool stopped = false;         ///< before it was done: by the stop token
  double seconds = 0.0;         ///< of running faults, those resumed from not included
  std::int64_t inferences = 0;  ///< run in these seconds
};

/// The share of inferences whose class changed, with an interval as if each fault were one
/// observation: sound, whatever its images have in common, and wider than need be.
struct Rate {
  std::int64_t faults = 0;
  Tally tally;
  double rate = 0.0;
  Interval interval;
};
[[nodiscard]] Rate rate_of(std::span<const Outcome> outcomes, double confidence,
                           std::int64_t population);

struct CampaignHooks {
  InferenceProgress progress{};  ///< of the round at work
  /// After each round: all so far. What it keeps is what `known` gives back.
  std::function<void(const CampaignResult&)> on_round{};
};

/// Draws single faults round by round, of each site as many, and runs each on all images, until
/// the interval of every site's rate is no wider than the margin on either side, or the faults
/// planned are done. `known`: outcomes of the first faults from a campaign of the same space and
/// seed that was stopped.
[[nodiscard]] CampaignResult run_campaign(const integer::Plan& plan, const FaultSpace& space,
                                          const Workload& workload, const CampaignOptions& options,
                                          std::span<const Outcome> known = {},
                                          const CampaignHooks& hooks = {},
                                          const std::stop_token& stop = {});

}  // namespace hwflow::train::fault
