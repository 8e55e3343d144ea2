#include "chip/overlay/front_sweep.hpp"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

struct Point {
  std::size_t rank = 0;
  double x = 0.0, y = 0.0;
};

/// Few values, so that ties and equal points are common.
TEST(FrontSweep, TakesWhatNoEarlierPointCovers) {
  Rng rng(3);
  for (int trial = 0; trial < 500; ++trial) {
    const std::size_t ranks = 1 + rng.below(20);
    FrontSweep sweep(ranks);
    std::vector<Point> earlier;
    const auto most = static_cast<std::int64_t>(3 + rng.below(60));
    for (int i = 0; i < 200; ++i) {
      const Point point{rng.below(ranks), static_cast<double>(rng.between(0, most)),
                        static_cast<double>(rng.between(0, most))};
      bool is_covered = false;
      for (const Point& other : earlier)
        is_covered |= other.rank <= point.rank && other.x <= point.x && other.y <= point.y;
      ASSERT_EQ(sweep.take(point.rank, point.x, point.y), !is_covered) << "trial " << trial;
      earlier.push_back(point);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
