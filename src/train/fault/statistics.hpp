#pragma once

#include <cstdint>

namespace hwflow::train::fault {

/// The two-sided quantile of the normal distribution, rounded to three decimals as tables print it:
/// 1.960 for 0.95, 2.576 for 0.99. `confidence` in (0, 1).
[[nodiscard]] double critical_value(double confidence);
/// The same of Student's distribution, by the expansion of Cornish and Fisher: exact to 1 % from
/// three degrees of freedom on (too small below), which may be a fraction.
[[nodiscard]] double critical_value(double confidence, double degrees);

/// Faults to draw, without replacement, from `population` so that a share is known to +- `margin`:
/// N / (1 + margin^2 (N - 1) / (t^2 p (1 - p))), to the nearest fault and at least 1. `share` is
/// the share expected; 0.5 is safe. A population of 0 stands for one without bound.
/// Source  Leveugle et al., "Statistical fault injection: quantified error and confidence",
///         DATE 2009.
[[nodiscard]] std::int64_t sample_size(std::int64_t population, double margin, double confidence,
                                       double share = 0.5);

struct Interval {
  double low = 0.0, high = 1.0;
  [[nodiscard]] double half_width() const { return (high - low) / 2; }
  bool operator==(const Interval&) const = default;
};

/// Wilson's interval of a share of which `hits` of `draws` were seen (hits may be a mean of several
/// observations of a draw: then the interval is wider than need be). Drawn without replacement from
/// `population`: draws count for more, by (N - 1) / (N - n); 0 stands for no bound.
/// Source  Wilson, "Probable inference, the law of succession, and statistical inference", JASA
///         1927.
[[nodiscard]] Interval wilson(double hits, std::int64_t draws, double confidence,
                              std::int64_t population = 0);

/// The same of a share that is known as well as `draws` independent draws would tell it; draws > 0,
/// infinity: exactly.
[[nodiscard]] Interval wilson_of_share(double share, double draws, double confidence);

}  // namespace hwflow::train::fault
