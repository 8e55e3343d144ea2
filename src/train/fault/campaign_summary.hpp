#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "train/fault/fault_space.hpp"
#include "train/fault/outcome.hpp"

namespace hwflow::train::fault {

/// A share of inferences whose class changed or that crashed. Shares of several sites together are
/// weighted by the sites' populations, counts are as they were run.
struct Rate {
  std::int64_t faults = 0;
  Tally tally;
  double rate = 0.0, masked = 0.0, top5_changed = 0.0, crashed = 0.0;  ///< shares of inferences
  double right = 0.0;
  RateIntervals intervals;
};

/// Faults that have something in common.
struct FaultCounts {
  Tally tally;
  CrossedCounts crossed;
  void add(const Outcome& outcome);
  FaultCounts& operator+=(const FaultCounts& other);
  /// Drawn from `population`; 0: no bound.
  [[nodiscard]] Rate rate(double confidence, std::int64_t population = 0) const;
  bool operator==(const FaultCounts&) const = default;
};

/// Of single faults of a space what is told of them, whatever their number: memory is bounded by
/// strata, images, and the faults kept.
class CampaignSummary {
 public:
  /// A fault of the campaign, by its number from 0 on.
  struct Kept {
    std::int64_t number = 0;
    std::vector<Upset> upsets;
    Tally tally;
    bool operator==(const Kept&) const = default;
  };

  CampaignSummary() : CampaignSummary(1) {}
  /// Keeps `drawn` of the faults, drawn by the seed, beside the `worst`.
  explicit CampaignSummary(std::size_t strata, std::size_t drawn = 200, std::uint64_t seed = 1,
                           std::size_t worst = 20);

  void add(std::span<const Upset> upsets, const Outcome& outcome);

  [[nodiscard]] std::int64_t faults() const { return faults_; }
  [[nodiscard]] const std::vector<FaultCounts>& strata() const { return strata_; }
  /// Of all, as they were run.
  [[nodiscard]] FaultCounts all() const;
  /// Those that fail on the most images, the worst first; none that fails on none.
  [[nodiscard]] const std::vector<Kept>& worst() const { return worst_; }
  /// Each fault as likely as the others.
  [[nodiscard]] const std::vector<Kept>& drawn() const { return drawn_; }
  bool operator==(const CampaignSummary& other) const {
    return faults_ == other.faults_ && strata_ == other.strata_ && worst_ == other.worst_ &&
           drawn_ == other.drawn_;
  }

 private:
  std::int64_t faults_ = 0;
  std::vector<FaultCounts> strata_;
  std::size_t most_drawn_, most_worst_;
  Rng rng_;
  std::vector<Kept> worst_, drawn_;
};

/// Strata that have something in common. -1: whatever it is.
struct RateGroup {
  int site = -1;  ///< as Site
  std::int64_t node = -1;
  int bit = -1;
  int effect = -1;  ///< as Effect
  std::int64_t population = 0;
  Rate rate{};
};

enum class GroupBy : std::uint8_t { site, layer, bit, layer_and_bit, effect };

/// Rates of the strata of a space by site and what else is asked for, in the order of the space;
/// groups that no fault was drawn of are there, too.
[[nodiscard]] std::vector<RateGroup> rates_by(const FaultSpace& space,
                                              const CampaignSummary& summary, GroupBy by,
                                              double confidence);

/// Of all faults of a space. Of several sites each counts by its share of all faults, whatever was
/// drawn of it, in every share. Sites are drawn independently, so on these images squares of
/// distances from the rate to the ends of an interval add up; other images are other images for all
/// sites, so there the distances do.
/// Source  Zou & Donner, "Construction of confidence limits about effect measures", Statistics in
///         Medicine 27(10), 2008 (squares of distances).
[[nodiscard]] Rate overall_rate(const FaultSpace& space, const CampaignSummary& summary,
                                double confidence);

}  // namespace hwflow::train::fault
