#include "report/fusion_charts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace hwflow::report {
namespace {

using testing::ElementsAre;

TEST(LargestByPixel, NeverLosesAPeak) {
  std::vector<Span> spans;
  for (int i = 0; i < 10'000; ++i)
    spans.push_back({double(i), i + 1.0, i == 7777 ? 50.0 : double(i % 7)});
  const auto largest = largest_by_pixel(spans, 10'000.0, 100);
  EXPECT_EQ(*std::max_element(largest.begin(), largest.end()), 50.0);
  EXPECT_EQ(largest[77], 50.0);
  EXPECT_EQ(largest[76], 6.0);
}

TEST(LargestByPixel, ASpanThatEndsAtAPixelIsNotInIt) {
  EXPECT_THAT(largest_by_pixel({{0, 5, 2}, {5, 10, 3}}, 10.0, 2), ElementsAre(2, 3));
}

TEST(ShareByPixel, SpreadsBusyCyclesOverTheTimeTheyTake) {
  EXPECT_THAT(share_by_pixel({{0, 15, 15}, {20, 40, 10}}, 40.0, 4),
              ElementsAre(1.0, 0.5, 0.5, 0.5));
}

}  // namespace
}  // namespace hwflow::report
