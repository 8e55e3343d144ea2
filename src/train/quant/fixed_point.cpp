#include "train/quant/fixed_point.hpp"

#include <cmath>
#include <limits>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

__extension__ using Wide = __int128;

}  // namespace

FixedPoint to_fixed_point(double real) {
  HWFLOW_CHECK(real >= 0.0 && real < 536870912.0, "factor out of the range of fixed point");
  if (real == 0.0) return {0, 1};
  int exponent = 0;
  std::frexp(real, &exponent);  // real = f * 2^exponent, f in [1/2, 1)
  int shift = 31 - exponent;
  if (shift > kMaximumShift) shift = kMaximumShift;
  std::int64_t multiplier = std::llround(std::ldexp(real, shift));
  if (multiplier == (std::int64_t{1} << 31)) {  // f rounded up to 1
    multiplier >>= 1;
    --shift;
  }
  return {static_cast<std::int32_t>(multiplier), shift};
}

std::int64_t to_fixed_point(double real, int shift) {
  return std::llround(std::ldexp(real, shift));
}

std::int64_t rescale(std::int64_t value, const FixedPoint& factor) {
  const Wide product = static_cast<Wide>(value) * factor.multiplier;
  const Wide rounded = (product + (static_cast<Wide>(1) << (factor.shift - 1))) >> factor.shift;
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  if (rounded < low) return low;
  if (rounded > high) return high;
  return static_cast<std::int64_t>(rounded);
}

}  // namespace hwflow::train
