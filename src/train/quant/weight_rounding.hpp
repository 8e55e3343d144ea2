#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/quant/integer_network.hpp"

namespace hwflow::train {

/// How the inputs below the filters of a compute node vary together: one matrix of fan_in x fan_in
/// for each group of channels, row-major, in the order of a filter's weights.
struct InputCovariance {
  std::int64_t fan_in = 0;
  std::vector<double> values;  ///< groups * fan_in * fan_in; empty: not known
};

/// Sums over samples of what filters read, for each group: of each element, and of products of two.
struct InputMoments {
  InputMoments() = default;
  InputMoments(std::int64_t groups, std::int64_t fan_in);
  /// (group, sample, element). The sums depend on the order, not on the processor.
  void add(std::span<const float> more);

  std::int64_t groups = 0, fan_in = 0, samples = 0;
  std::vector<float> sums, products;  ///< groups * fan_in, groups * fan_in * fan_in (lower halves)
};
/// Empty when nothing was added. A hundredth of the mean variance is added to each variance, so
/// that inputs that hardly vary in the sample still count.
[[nodiscard]] InputCovariance covariance_of(const InputMoments& moments);

/// Rounds weights so that the layer's sums change least, not the weights: codes q and scales s with
/// a small sum over output channels of
///
///     e' C e,    e = w - s q,
///
/// the variance of a channel's error. From `start` (its codes may be those of least squares) by
/// cyclic coordinate descent: each code in turn takes its best value while the others stay, then
/// the scales take theirs, until nothing changes or after 12 rounds. No step makes the error
/// larger. Source  Behdin et al., "QuantEase: optimization-based quantization for language models",
/// 2023, algorithm 1. Cost  12 * weights * fan_in at most.
[[nodiscard]] IntegerCompute round_for_sums(IntegerCompute start, std::span<const float> weights,
                                            const InputCovariance& covariance);

/// Gives every weight whose nearest code is another than the one chosen the value of that code, so
/// that rounding the weights again gives these codes.
void keep_codes(const IntegerCompute& chosen, std::span<float> weights);

}  // namespace hwflow::train
