#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "study/resilience_options.hpp"
#include "study/resilience_result.hpp"
#include "study/stored_words.hpp"
#include "train/fault/flip_campaign.hpp"

namespace hwflow::study {

/// Expected failures of plans, from what single flips did to a few networks.
///
/// A failure is an inference whose class is not that of the fault-free one. With p of the words of
/// a layer, site and width the probability that one flipped bit of theirs, each as likely as the
/// others, is a failure, and with bits that flip independently at bit_rate,
///
///     failure_rate = 1 - product over words that are alike of (1 - bit_rate * p)^(stored bits)
///
/// which is bit_rate * sum(stored bits * p) where that is small: flips of one inference add up, and
/// what the widths of other layers do to p is left out. Both are checked by measured plans.
///
/// p is a posterior mean: (failures + m) / (inferences + 1), m the share of failures of all layers
/// at that site and width, (failures + 1/2) / (inferences + 1). One inference at the pooled share
/// is taken for known, so that no layer is predicted to have no failures at all. Where every bit
/// was run on every image, p is the share itself.
class FailurePredictor {
 public:
  struct Rate {
    double failures = 0.0;        ///< an inference
    double standard_error = 0.0;  ///< by the flips that were drawn
    std::int64_t stored_bits = 0;
  };

  /// `network` is whole; nodes of `campaigns` are found in it by name.
  FailurePredictor(const Network& network, int auxiliary_bits, const ResilienceOptions& options,
                   std::span<const train::fault::FlipCampaign> campaigns);

  /// network  what the plan leaves of the whole one, the same nodes in the same order
  /// Throws   InternalError for words that no campaign had.
  [[nodiscard]] Rate rate(const Network& network, const CompressionPlan& plan) const;
  [[nodiscard]] std::vector<FlipRisk> risks(const Network& network) const;

 private:
  struct Cell {
    std::int64_t inferences = 0, failures = 0;
    double share = 0.0, variance = 0.0;
  };
  using Key = std::tuple<train::fault::Site, std::size_t, int>;  ///< site, node, bits

  void shrink();

  ResilienceOptions options_;
  int auxiliary_bits_;
  std::map<Key, Cell> cells_;
};

/// Failures an inference where `bits` are stored and `share` of their single flips are failures.
[[nodiscard]] double expected_failures(double share, std::int64_t bits, double bit_rate);

}  // namespace hwflow::study
