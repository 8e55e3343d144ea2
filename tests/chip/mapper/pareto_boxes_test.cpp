// Witness: comparison of all pairs of random points.
#include "chip/mapper/pareto_boxes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

using Points = std::vector<ParetoValues>;

Points random_points(Rng& rng, std::size_t values) {
  Points points(1 + rng.below(40));
  for (ParetoValues& point : points)
    for (std::size_t i = 0; i < values; ++i)
      point.push_back(static_cast<double>(rng.between(1, 12)));
  return points;
}

bool is_at_most(const ParetoValues& a, const ParetoValues& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] > b[i]) return false;
  return true;
}

Points front_of(const Points& points) {
  Points front;
  for (const ParetoValues& mine : points)
    if (std::none_of(points.begin(), points.end(), [&](const ParetoValues& other) {
          return other != mine && is_at_most(other, mine);
        }))
      front.push_back(mine);
  std::sort(front.begin(), front.end());
  front.erase(std::unique(front.begin(), front.end()), front.end());
  return front;
}

bool lies_in(const ParetoValues& point, const ParetoBox& box) {
  for (std::size_t i = 0; i < point.size(); ++i)
    if (point[i] >= box.below[i]) return false;
  return true;
}

/// The search of one box, by looking at all points.
std::optional<ParetoValues> least_in(const ParetoBox& box, const Points& points) {
  std::optional<ParetoValues> least;
  for (const ParetoValues& point : points)
    if (lies_in(point, box) && (!least || point[0] < (*least)[0])) least = point;
  return least;
}

TEST(ParetoBoxes, LeadToTheFrontBoxByBox) {
  for (std::uint64_t i = 0; i < 600; ++i) {
    Rng rng = Rng::derive(41, i);
    const std::size_t values = 2 + i % 2;
    const Points points = random_points(rng, values);
    ParetoBoxes boxes(ParetoValues(values, 1.0));
    Points found;
    std::size_t searches = 0;
    while (auto box = boxes.take_largest()) {
      ++searches;
      const auto least = least_in(*box, points);
      if (!least) continue;
      box->at_least[0] = (*least)[0];
      boxes.put_back(std::move(*box));
      boxes.cut(*least);
      found.push_back(*least);
    }
    Points kept;
    for (const std::size_t k : nondominated(found)) kept.push_back(found[k]);
    EXPECT_EQ(kept, front_of(points)) << "case " << i;
    // 2n + 1 (Klamroth et al. 2015) for points in general position.
    EXPECT_LE(searches, 3 * found.size() + 1) << "case " << i;
  }
}

TEST(ParetoBoxes, HoldWhatNoCutCovers) {
  for (std::uint64_t i = 0; i < 300; ++i) {
    Rng rng = Rng::derive(43, i);
    const std::size_t values = 2 + i % 2;
    const Points cuts = random_points(rng, values), points = random_points(rng, values);
    ParetoBoxes boxes(ParetoValues(values, 1.0));
    for (const ParetoValues& cut : cuts) boxes.cut(cut);
    for (const ParetoValues& point : points) {
      const bool is_covered = std::any_of(cuts.begin(), cuts.end(), [&](const ParetoValues& cut) {
        return is_at_most(cut, point);
      });
      const bool is_held = std::any_of(boxes.boxes().begin(), boxes.boxes().end(),
                                       [&](const ParetoBox& box) { return lies_in(point, box); });
      EXPECT_NE(is_covered, is_held) << "case " << i;
    }
    for (const ParetoBox& a : boxes.boxes())
      for (const ParetoBox& b : boxes.boxes())
        EXPECT_TRUE(&a == &b || !is_at_most(a.below, b.below)) << "one box in another";
  }
}

TEST(ParetoBoxes, TakeEnergiesNearerThanATenBillionthAsEqual) {
  EXPECT_TRUE(covers({1.0 + 1e-11, 5.0}, {1.0, 5.0}));
  EXPECT_FALSE(covers({1.0 + 1e-9, 5.0}, {1.0, 5.0}));
  EXPECT_FALSE(dominates({1.0, 5.0}, {1.0 + 1e-11, 5.0}));
  EXPECT_TRUE(dominates({1.0 + 1e-11, 4.0}, {1.0, 5.0}));
  const ParetoBox box{{1.0 + 1e-11, 10.0}, {1.0, 2.0}};
  EXPECT_TRUE(box.is_empty());
}

/// Of the points (10, 4) and (4, 10) and a box that nothing below (5, 5) is in: 10 is twice 5.
TEST(LargestGap, IsTheFactorToTheNearestPoint) {
  const std::vector<ParetoBox> boxes{{{10.0, 10.0}, {5.0, 5.0}}};
  EXPECT_DOUBLE_EQ(largest_gap(boxes, {{10.0, 4.0}, {4.0, 10.0}}), 1.0);
  EXPECT_DOUBLE_EQ(largest_gap({}, {{10.0, 4.0}}), 0.0);
  EXPECT_DOUBLE_EQ(largest_gap({{{10.0, 10.0}, {8.0, 9.0}}}, {{4.0, 10.0}}), 10.0 / 9.0 - 1.0);
}

}  // namespace
}  // namespace hwflow::chip
