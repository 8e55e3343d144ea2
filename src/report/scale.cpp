#include "report/scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace hwflow::report {
namespace {

/// The round step (1, 2, 2.5 or 5 times a power of ten) nearest above `rough`.
double round_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (power * factor >= rough * (1.0 - 1e-9)) return power * factor;
  }
  return power * 10.0;
}

std::string tick_text(double value, double step) {
  const double zeroed = std::abs(value) < step * 1e-6 ? 0.0 : value;
  int decimals = 0;
  for (double s = step; decimals < 9 && std::abs(s - std::round(s)) > 1e-6 * s; s *= 10.0) {
    ++decimals;
  }
  return fmt::format("{:.{}f}", zeroed, decimals);
}

std::string power_text(double value) {
  return value >= 1e-3 && value < 1e5 ? fmt::format("{:g}", value) : fmt::format("{:.0e}", value);
}

}  // namespace

Scale Scale::linear(double low, double high, int ticks) {
  HWFLOW_CHECK(std::isfinite(low) && std::isfinite(high) && low <= high, "a scale needs a range");
  if (high - low <= 1e-12 * std::max(std::abs(low), std::abs(high)) || high == low) {
    const double room = low == 0.0 ? 1.0 : std::abs(low) * 0.1;
    low -= room;
    high += room;
  }
  Scale scale;
  const double step = round_step((high - low) / std::max(ticks, 1));
  scale.low_ = std::floor(low / step + 1e-9) * step;
  scale.high_ = std::ceil(high / step - 1e-9) * step;
  const auto count = static_cast<int>(std::lround((scale.high_ - scale.low_) / step));
  for (int i = 0; i <= count; ++i) {
    const double value = scale.low_ + i * step;
    scale.ticks_.push_back({value, tick_text(value, step)});
  }
  return scale;
}

Scale Scale::logarithmic(double low, double high) {
  HWFLOW_CHECK(std::isfinite(high) && low > 0.0 && low <= high, "a log scale needs a range > 0");
  Scale scale;
  scale.log_ = true;
  scale.low_ = low / 1.25;
  scale.high_ = high * 1.25;
  const double decades = std::log10(scale.high_ / scale.low_);
  const int first = static_cast<int>(std::floor(std::log10(scale.low_)));
  for (int decade = first; decade <= first + static_cast<int>(decades) + 2; ++decade) {
    for (int factor = 1; factor <= 9; ++factor) {
      const double value = factor * std::pow(10.0, decade);
      if (!scale.contains(value)) continue;
      const bool named =
          factor == 1 || (decades < 2.5 && (factor == 2 || factor == 5)) || (decades < 0.8);
      scale.ticks_.push_back({value, named ? power_text(value) : std::string{}});
    }
  }
  return scale;
}

Scale& Scale::on(double pixel_low, double pixel_high) {
  pixel_low_ = pixel_low;
  pixel_high_ = pixel_high;
  return *this;
}

double Scale::operator()(double value) const {
  const double share =
      log_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
  return pixel_low_ + share * (pixel_high_ - pixel_low_);
}

}  // namespace hwflow::report
