#include "train/fault/crossed_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/random.hpp"

namespace hwflow::train::fault {
namespace {

using Matrix = std::vector<std::vector<int>>;  ///< fault by image

CrossedCounts counts_of(const Matrix& failed) {
  CrossedCounts counts;
  for (const std::vector<int>& fault : failed) {
    FailedImages images((fault.size() + 63) / 64);
    for (std::size_t i = 0; i < fault.size(); ++i)
      if (fault[i] != 0) images[i / 64] |= std::uint64_t{1} << (i % 64);
    counts.add(images, std::ssize(fault));
  }
  return counts;
}

/// Three faults that fail on both, one and none of two images. Shares 1, 1/2, 0 about 1/2:
/// (1/4 + 0 + 1/4) / (2 * 3) = 1/12; of images 2/3, 1/3: (1/36 + 1/36) / (1 * 2) = 1/36; of the
/// squares 6 * 1/4 in all 2 * 1/2 are of faults, 3 * 1/18 of images: 1/3 / (2 * 1 * 6) = 1/36 is
/// left.
TEST(CrossedVariance, ByHand) {
  const CrossedCounts counts = counts_of({{1, 1}, {1, 0}, {0, 0}});
  EXPECT_EQ(counts.failures, 3);
  EXPECT_EQ(counts.of_image, (std::vector<std::uint32_t>{2, 1}));
  const CrossedVariance v = variance_of(counts);
  EXPECT_NEAR(v.faults, 1.0 / 12, 1e-12);
  EXPECT_NEAR(v.images, 1.0 / 36, 1e-12);
  EXPECT_NEAR(v.cells, 1.0 / 36, 1e-12);
  EXPECT_NEAR(v.both(), 1.0 / 12, 1e-12);
  // Two deviations of one size each: (1/2)^2 / (1/8) - 1 and likewise.
  EXPECT_NEAR(v.fault_degrees, 1.0, 1e-9);
  EXPECT_NEAR(v.image_degrees, 1.0, 1e-9);
  // Half of all six faults: half the variance of drawing faults is left.
  const CrossedVariance half = variance_of(counts, 6);
  EXPECT_NEAR(half.both(), 1.0 / 24 + 1.0 / 36 - 1.0 / 72, 1e-12);
  EXPECT_NEAR(variance_of(counts, 3).faults, 0.0, 1e-15);
  EXPECT_NEAR(variance_of(counts, 3).both(), 1.0 / 36, 1e-12);
}

TEST(CrossedCounts, PartsAddUpToTheWhole) {
  Rng rng(1);
  Matrix all(30, std::vector<int>(70));
  for (auto& fault : all)
    for (int& cell : fault) cell = rng.below(5) == 0 ? 1 : 0;
  CrossedCounts sum = counts_of({all.begin(), all.begin() + 11});
  sum += CrossedCounts{};
  sum += counts_of({all.begin() + 11, all.end()});
  EXPECT_EQ(sum, counts_of(all));
}

Matrix random_matrix(Rng& rng, std::size_t faults, std::size_t images, double sa, double sb,
                     double se, double bound) {
  std::vector<double> a, b;
  for (std::size_t f = 0; f < faults; ++f) a.push_back(sa * rng.normal());
  for (std::size_t i = 0; i < images; ++i) b.push_back(sb * rng.normal());
  Matrix failed(faults, std::vector<int>(images));
  for (std::size_t f = 0; f < faults; ++f)
    for (std::size_t i = 0; i < images; ++i)
      failed[f][i] = a[f] + b[i] + se * rng.normal() > bound ? 1 : 0;
  return failed;
}

double mean_of(const Matrix& failed, const std::vector<std::size_t>& faults,
               const std::vector<std::size_t>& images) {
  double sum = 0.0;
  for (const std::size_t f : faults)
    for (const std::size_t i : images) sum += failed[f][i];
  return sum / static_cast<double>(faults.size() * images.size());
}

std::vector<std::size_t> with_replacement(Rng& rng, std::size_t count, std::size_t of) {
  std::vector<std::size_t> drawn(count);
  for (std::size_t& each : drawn) each = rng.below(of);
  return drawn;
}

double variance_over(int draws, const std::function<double()>& draw) {
  double sum = 0.0, squares = 0.0;
  for (int d = 0; d < draws; ++d) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  return squares / draws - sum / draws * (sum / draws);
}

/// Faults and images of one table drawn again, with replacement (the pigeonhole bootstrap). Its
/// variance is that of row means, of column means and of what is left, each about their mean, so
/// faults + images + cells but for n - 1 in the place of n: more than the variance itself by two
/// cells.
TEST(CrossedVariance, EqualsTheBootstrapOverFaultsAndImages) {
  Rng rng(7);
  const Matrix failed = random_matrix(rng, 14, 11, 1.0, 1.0, 1.0, 0.8);
  const CrossedVariance v = variance_of(counts_of(failed));
  const double bootstrap = variance_over(40'000, [&] {
    return mean_of(failed, with_replacement(rng, 14, 14), with_replacement(rng, 11, 11));
  });
  const double expected = v.faults * 13 / 14 + v.images * 10 / 11 + v.cells * 130 / 154;
  EXPECT_NEAR(bootstrap, expected, 0.03 * expected);
  EXPECT_LT(v.both(), bootstrap);
}

/// A table that is all there is: faults drawn from it without replacement, images with.
TEST(CrossedVariance, IsUnbiasedAlsoWhereFaultsAreALargePartOfThePopulation) {
  Rng rng(8);
  const Matrix all = random_matrix(rng, 40, 50, 1.0, 1.0, 1.0, 0.8);
  double told = 0.0;
  constexpr int kDraws = 20'000;
  const double truth = variance_over(kDraws, [&] {
    std::vector<std::size_t> order(40);
    for (std::size_t f = 0; f < 40; ++f) order[f] = f;
    for (std::size_t f = 0; f < 20; ++f) std::swap(order[f], order[f + rng.below(40 - f)]);
    order.resize(20);
    const std::vector<std::size_t> images = with_replacement(rng, 12, 50);
    Matrix drawn;
    for (const std::size_t f : order) {
      drawn.emplace_back();
      for (const std::size_t i : images) drawn.back().push_back(all[f][i]);
    }
    const CrossedVariance v = variance_of(counts_of(drawn), 40);
    told += (v.faults + v.images - v.cells) / kDraws;
    return mean_of(all, order, images);
  });
  EXPECT_NEAR(told, truth, 0.03 * truth);
}

struct Coverage {
  double one_way = 0.0, like = 0.0, these = 0.0;
};

/// Shares of samples of a known model whose intervals hold its rate. `one_way`: Wilson's with each
/// fault for one observation.
Coverage coverage_of(std::uint64_t seed, std::size_t faults, std::size_t images, double sa,
                     double sb, double se, double bound, int samples) {
  const auto above = [](double x) { return 0.5 * std::erfc(x / std::sqrt(2.0)); };
  const double truth = above(bound / std::sqrt(sa * sa + sb * sb + se * se));
  Coverage coverage;
  for (int s = 0; s < samples; ++s) {
    Rng rng = Rng::derive(seed, static_cast<std::uint64_t>(s));
    // As random_matrix(), which draws faults first: the images' effects again.
    Rng again = rng;
    for (std::size_t f = 0; f < faults; ++f) again.normal();
    double of_these = 0.0;
    for (std::size_t i = 0; i < images; ++i)
      of_these += above((bound - sb * again.normal()) / std::sqrt(sa * sa + se * se)) /
                  static_cast<double>(images);
    const CrossedCounts counts = counts_of(random_matrix(rng, faults, images, sa, sb, se, bound));
    const RateIntervals own = intervals_of(counts, 0.95);
    const Interval one_way =
        wilson(counts.share() * static_cast<double>(faults), counts.faults, 0.95);
    const auto holds = [&](const Interval& interval, double rate) {
      return interval.low <= rate && rate <= interval.high ? 1.0 / samples : 0.0;
    };
    coverage.one_way += holds(one_way, truth);
    coverage.like += holds(own.of_images_like_these, truth);
    coverage.these += holds(own.of_these_images, of_these);
  }
  return coverage;
}

template <class... Arguments>
Coverage recorded_coverage(Arguments... arguments) {
  const Coverage coverage = coverage_of(arguments...);
  testing::Test::RecordProperty("one_way", std::to_string(coverage.one_way));
  testing::Test::RecordProperty("like", std::to_string(coverage.like));
  testing::Test::RecordProperty("these", std::to_string(coverage.these));
  return coverage;
}

/// Many faults on few images that differ: what the images are decides the rate.
TEST(RateIntervals, HoldTheRateOfOtherImagesWhereOneObservationAFaultDoesNot) {
  const Coverage coverage = recorded_coverage(1, 1000, 50, 0.5, 2.0, 0.5, 2.0, 150);
  EXPECT_LT(coverage.one_way, 0.6);
  EXPECT_GE(coverage.like, 0.92);
  EXPECT_GE(coverage.these, 0.90);
}

/// A rate of 0.5 % that a few of 200 images make up.
TEST(RateIntervals, HoldRatesNearZero) {
  const Coverage coverage = recorded_coverage(2, 200, 200, 0.5, 1.0, 0.3, 3.0, 200);
  EXPECT_GE(coverage.like, 0.92);
  EXPECT_GE(coverage.these, 0.90);
}

/// Neither faults nor images have anything in common: inferences are independent, and intervals
/// not much wider than theirs.
TEST(RateIntervals, AreThoseOfInferencesWhereNothingIsInCommon) {
  Rng rng(3);
  const CrossedCounts counts = counts_of(random_matrix(rng, 200, 200, 0.0, 0.0, 1.0, 1.0));
  const double own = intervals_of(counts, 0.95).of_images_like_these.half_width();
  const double independent = wilson_of_share(counts.share(), 200.0 * 200.0, 0.95).half_width();
  EXPECT_NEAR(own / independent, 1.1, 0.2);
}

/// min(faults, images) pairs of a fault and an image have nothing in common: if none of n such
/// pairs fails, Wilson's end t^2 / (n + t^2) holds whatever the rest.
TEST(RateIntervals, WhereNothingFailedAreBoundsFromAbove) {
  const RateIntervals none = intervals_of(counts_of(Matrix(40, std::vector<int>(100))), 0.95);
  EXPECT_NEAR(none.of_these_images.low, 0.0, 1e-12);
  EXPECT_NEAR(none.of_images_like_these.low, 0.0, 1e-12);
  EXPECT_NEAR(none.of_these_images.high, 1.96 * 1.96 / (40 + 1.96 * 1.96), 1e-12);
  EXPECT_NEAR(none.of_images_like_these.high, none.of_these_images.high, 1e-12);
  const RateIntervals few = intervals_of(counts_of(Matrix(400, std::vector<int>(10))), 0.95);
  EXPECT_NEAR(few.of_images_like_these.high, 1.96 * 1.96 / (10 + 1.96 * 1.96), 1e-12);
  // One image that fails under every fault: no less is told than where none does.
  Matrix one(40, std::vector<int>(100));
  for (auto& fault : one) fault[3] = 1;
  EXPECT_GT(intervals_of(counts_of(one), 0.95).of_images_like_these.high,
            none.of_images_like_these.high);
}

TEST(RateIntervals, OfAllFaultsAreExactForTheseImagesAlone) {
  Rng rng(4);
  const CrossedCounts counts = counts_of(random_matrix(rng, 50, 60, 1.0, 1.0, 1.0, 1.0));
  const RateIntervals all = intervals_of(counts, 0.95, 50);
  EXPECT_EQ(all.of_these_images, (Interval{counts.share(), counts.share()}));
  EXPECT_LT(all.of_images_like_these.low, counts.share());
  EXPECT_GT(all.of_images_like_these.high, counts.share());
  const RateIntervals some = intervals_of(counts, 0.95, 100);
  EXPECT_LT(some.of_these_images.half_width(),
            intervals_of(counts, 0.95).of_these_images.half_width());
}

TEST(RateIntervals, OfImagesLikeTheseAreNoNarrower) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    const std::size_t faults = 1 + rng.below(30), images = 1 + rng.below(30);
    const CrossedCounts counts =
        counts_of(random_matrix(rng, faults, images, rng.uniform(), rng.uniform(), 0.5, 1.0));
    const auto population = static_cast<std::int64_t>(rng.below(2) * (faults + rng.below(40)));
    const RateIntervals own = intervals_of(counts, 0.95, population);
    EXPECT_LE(own.of_images_like_these.low, own.of_these_images.low + 1e-12) << seed;
    EXPECT_GE(own.of_images_like_these.high, own.of_these_images.high - 1e-12) << seed;
    EXPECT_LE(own.of_these_images.low, counts.share() + 1e-12) << seed;
    EXPECT_GE(own.of_these_images.high, counts.share() - 1e-12) << seed;
  }
}

/// Images whose inferences all end alike are one observation each; those that have nothing in
/// common as many as there are inferences.
TEST(RateIntervals, OfFaultsInTurnTakeImagesForClusters) {
  std::vector<ImageCounts> alike, apart;
  for (int i = 0; i < 100; ++i) {
    alike.push_back({50, i % 2 == 0 ? 50 : 0});
    apart.push_back({50, 25});
  }
  const double clusters = wilson_of_share(0.5, 99, 0.95).half_width();
  EXPECT_NEAR(intervals_of(alike, 0.95).of_images_like_these.half_width(), clusters,
              0.02 * clusters);
  const RateIntervals own = intervals_of(apart, 0.95);
  EXPECT_NEAR(own.of_these_images.half_width(), wilson(2500, 5000, 0.95).half_width(), 1e-12);
  EXPECT_NEAR(own.of_images_like_these.half_width(), own.of_these_images.half_width(),
              0.03 * own.of_these_images.half_width());
  EXPECT_EQ(intervals_of(std::vector<ImageCounts>(3), 0.95).of_these_images, Interval{});
}

}  // namespace
}  // namespace hwflow::train::fault
