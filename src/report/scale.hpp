#pragma once

#include <string>
#include <vector>

namespace hwflow::report {

struct Tick {
  double value = 0.0;
  std::string text;  ///< empty: a minor tick
};

/// Maps data to pixels, with the ticks that fit it.
class Scale {
 public:
  /// A linear scale over at least [low, high], widened to round ticks; a flat range is opened.
  [[nodiscard]] static Scale linear(double low, double high, int ticks);
  /// A logarithmic scale; low and high > 0. Ticks at 1, and at 2 and 5 when decades are few.
  [[nodiscard]] static Scale logarithmic(double low, double high);

  /// Pixels of the two ends; returns itself.
  Scale& on(double pixel_low, double pixel_high);

  [[nodiscard]] double operator()(double value) const;
  [[nodiscard]] double low() const { return low_; }
  [[nodiscard]] double high() const { return high_; }
  [[nodiscard]] double pixel_low() const { return pixel_low_; }
  [[nodiscard]] double pixel_high() const { return pixel_high_; }
  [[nodiscard]] bool contains(double value) const { return value >= low_ && value <= high_; }
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  double low_ = 0.0, high_ = 1.0, pixel_low_ = 0.0, pixel_high_ = 1.0;
  bool log_ = false;
  std::vector<Tick> ticks_;
};

}  // namespace hwflow::report
