#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hwflow::study {

/// What one flipped bit does, of words that are alike: shrunken estimates, see FailurePredictor.
struct FlipRisk {
  std::string site, layer;
  int bits = 0;  ///< of a word
  std::int64_t inferences = 0, failures = 0;
  double share = 0.0, standard_error = 0.0;  ///< that another class comes out
  bool operator==(const FlipRisk&) const = default;
};

/// Expected failures of a plan, predicted and measured.
struct FailureCheck {
  std::size_t evaluated = 0;     ///< into CodesignResult::evaluated
  double predicted = 0.0;        ///< failures an inference
  double predicted_error = 0.0;  ///< its standard error by the flips that were drawn
  double measured = 0.0;         ///< the same by flips of all stored bits of its own network
  double low = 0.0, high = 0.0;  ///< 95 % of what was measured
  std::int64_t predicted_bits = 0, stored_bits = 0;  ///< as the study counts them, and as they are
  std::int64_t inferences = 0, failures = 0;
  bool operator==(const FailureCheck&) const = default;
};

/// Of a search that minimises failure_rate.
struct ResilienceSummary {
  std::vector<std::string> sites;
  double bit_rate = 0.0;
  std::int64_t images = 0;
  std::vector<std::string> calibrated_on;  ///< "uniform 4/4": the networks of the campaigns
  std::vector<FlipRisk> risks;             ///< by site, then in the order of the layers, then width
  /// Of CodesignResult::plans, in their order, re-trained, on test images; none when one is
  /// missing.
  std::vector<FailureCheck> plans;
  /// Of plans of the front as the search saw them, on its images, by rising prediction.
  std::vector<FailureCheck> drawn;
  std::optional<double> rank_correlation;  ///< Spearman's, of `drawn`
  bool operator==(const ResilienceSummary&) const = default;
};

}  // namespace hwflow::study
