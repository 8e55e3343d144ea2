// Witness: the same loops in integers, or written out element by element.
#include "chip/mapper/row_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

std::vector<double> random_values(std::size_t count, Rng& rng) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(rng.normal());
  return values;
}

/// Every count up to a few vectors, so that ends of rows are met.
TEST(RowKernels, DoWhatPlainLoopsDo) {
  Rng rng(3);
  for (std::size_t count = 0; count < 40; ++count) {
    const std::vector<double> values = random_values(count, rng), start = random_values(count, rng);
    std::vector<double> sum = start, most = start, product = start, allowed = start;
    rows::add_scaled(0.3, values.data(), count, sum.data());
    rows::raise(values.data(), count, most.data());
    rows::multiply(values.data(), count, product.data());
    rows::forbid_above(values.data(), 0.25, count, allowed.data());
    for (std::size_t i = 0; i < count; ++i) {
      const double scaled = 0.3 * values[i];
      EXPECT_EQ(sum[i], start[i] + scaled);
      EXPECT_EQ(most[i], std::max(start[i], values[i]));
      EXPECT_EQ(product[i], start[i] * values[i]);
      EXPECT_EQ(allowed[i], values[i] > 0.25 ? std::numeric_limits<double>::infinity() : start[i]);
    }
  }
}

TEST(RowKernels, RoomIsTheWholeQuotient) {
  std::vector<std::int32_t> used;
  for (std::int32_t u = 1; u <= 600; ++u) used.push_back(u);
  for (std::int32_t u = 0; u < 600; ++u) used.push_back((1 << 20) - u);
  for (const std::int32_t size : {1, 7, 14, 168, 255, 597, 65'537, (1 << 20) - 1, 1 << 20}) {
    std::vector<double> units(used.size(), 3.0), cost(used.size(), 1.0);
    rows::multiply_room(used.data(), size, used.size(), units.data());
    rows::forbid_above(used.data(), size, used.size(), cost.data());
    for (std::size_t i = 0; i < used.size(); ++i) {
      EXPECT_EQ(units[i], 3.0 * std::max(1, size / used[i])) << size << " / " << used[i];
      EXPECT_EQ(cost[i] == 1.0, used[i] <= size);
    }
  }
}

TEST(RowKernels, StepsAreSpreadOverTheRoom) {
  // 100 open on 4 units: 25 rounds; on 200 units: 1 and no less.
  const std::vector<double> steps{2.0, 2.0, 2.0}, units{4.0, 200.0, 4.0};
  std::vector<double> cycles{0.0, 0.0, 1000.0};
  rows::raise_to_steps(3.0, steps.data(), 100.0, units.data(), 3, cycles.data());
  EXPECT_EQ(cycles, (std::vector<double>{150.0, 6.0, 1000.0}));
}

}  // namespace
}  // namespace hwflow::chip
