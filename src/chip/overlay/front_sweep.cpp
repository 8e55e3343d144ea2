#include "chip/overlay/front_sweep.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

std::size_t low_bit(std::size_t i) { return i & (~i + 1); }

}  // namespace

bool FrontSweep::covers(const Staircase& stairs, double x, double y) {
  // The last step with x no larger has the smallest y of all of them.
  const auto after =
      std::upper_bound(stairs.begin(), stairs.end(), x,
                       [](double value, const Step& step) { return value < step.x; });
  return after != stairs.begin() && std::prev(after)->y <= y;
}

void FrontSweep::insert(Staircase& stairs, double x, double y) {
  const auto at = std::lower_bound(stairs.begin(), stairs.end(), x,
                                   [](const Step& step, double value) { return step.x < value; });
  auto end = at;
  while (end != stairs.end() && end->y >= y) ++end;
  if (at == end) {
    stairs.insert(at, {x, y});
  } else {
    *at = {x, y};
    stairs.erase(at + 1, end);
  }
}

bool FrontSweep::take(std::size_t rank, double x, double y) {
  for (std::size_t i = rank + 1; i > 0; i -= low_bit(i)) {
    if (covers(stairs_[i], x, y)) return false;
  }
  for (std::size_t i = rank + 1; i < stairs_.size(); i += low_bit(i)) {
    if (!covers(stairs_[i], x, y)) insert(stairs_[i], x, y);
  }
  return true;
}

}  // namespace hwflow::chip
