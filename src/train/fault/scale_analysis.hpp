#pragma once

#include <cstdint>
#include <vector>

#include "train/fault/campaign.hpp"

namespace hwflow::train::fault {

/// Steps of stored codes beside the values that they store, in real units.
struct StoredScale {
  Site site = Site::weights;  ///< weights, or activations
  std::size_t node = 0, copy = 0;
  int bits = 8;
  double scale = 0.0;          ///< value of one step; of weights the mean over output channels
  double largest_scale = 0.0;  ///< of a channel
  double spread = 0.0;         ///< standard deviation of the values
  /// Weights: value of one unit of a sum (weight scale times input scale), the mean over channels,
  /// and the standard deviation of the sums. Activations: 0.
  double sum_scale = 0.0, sum_spread = 0.0;
  /// Mean square change, by one flipped bit, each as likely as the other, of what is disturbed,
  /// over its variance. Activations: the value itself, (scale / spread)^2 (4^b - 1) / (3 b).
  /// Weights: the sums that read the weight, scale^2 (4^b - 1) / (3 b) times the mean square input
  /// over the variance of the sums. Of unsaturated flips: what clamping takes away is not in it.
  double damage = 0.0;
};

/// Weights of compute nodes and stored results of all nodes, in the network's order. Activations
/// and sums as `workload` makes them. The result does not depend on `threads`.
/// Source  the closed form: a flip of bit k changes a value by 2^k steps, and
///         sum over k of 4^k = (4^b - 1) / 3.
[[nodiscard]] std::vector<StoredScale> analyse_scales(const integer::Plan& plan,
                                                      const Workload& workload, int threads);

/// Spearman's rank correlation, ties at their mean rank; 0 where one side has no two values.
[[nodiscard]] double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace hwflow::train::fault
