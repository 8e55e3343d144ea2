#include "study/ridge_regression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/random.hpp"

namespace hwflow::study {
namespace {

using Rows = std::vector<std::vector<double>>;

struct Samples {
  Rows rows;
  std::vector<double> targets;
};

Samples random_samples(std::size_t count, std::size_t columns, std::uint64_t seed) {
  Rng rng(seed);
  Samples samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.rows.emplace_back();
    double target = 3.0 + 0.5 * rng.normal();
    for (std::size_t k = 0; k < columns; ++k) {
      samples.rows.back().push_back(rng.normal());
      target += static_cast<double>(k) * samples.rows.back().back();
    }
    samples.targets.push_back(target);
  }
  return samples;
}

/// One feature, by hand: x = -1, 0, 1 and y = 1, 2, 6: centred y = -2, -1, 3, sum xy = 5, sum xx =
/// 2, slope 5 / (2 + penalty).
TEST(RidgeRegression, ShrinksTheSlopeAndNotTheMean) {
  const Rows rows{{-1.0}, {0.0}, {1.0}};
  const std::vector<double> targets{1.0, 2.0, 6.0};
  const RidgeRegression model(rows, targets, std::array{3.0});
  EXPECT_NEAR(model.predict(std::array{0.0}), 3.0, 1e-12);
  EXPECT_NEAR(model.predict(std::array{2.0}), 3.0 + 2.0, 1e-12);
  EXPECT_EQ(model.penalty(), 3.0);
}

/// At the minimum the gradient is nothing: sum of residual * feature = penalty * coefficient, and
/// the residuals add up to nothing. Fewer samples than features, too.
TEST(RidgeRegression, IsWhereTheGradientVanishes) {
  for (const std::size_t count : {5U, 40U}) {
    const Samples samples = random_samples(count, 12, count);
    const double penalty = 0.7;
    const RidgeRegression model(samples.rows, samples.targets, std::array{penalty});
    const double origin = model.predict(std::vector<double>(12, 0.0));
    double total = 0.0;
    std::vector<double> gradient(12, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      const double residual = samples.targets[i] - model.predict(samples.rows[i]);
      total += residual;
      for (std::size_t k = 0; k < 12; ++k) gradient[k] += residual * samples.rows[i][k];
    }
    EXPECT_NEAR(total, 0.0, 1e-9);
    for (std::size_t k = 0; k < 12; ++k) {
      std::vector<double> unit(12, 0.0);
      unit[k] = 1.0;
      EXPECT_NEAR(gradient[k], penalty * (model.predict(unit) - origin), 1e-9) << k;
    }
  }
}

/// The closed form against fits that really leave each sample out.
TEST(RidgeRegression, LeavesOneOutAsIfItWereFittedAnew) {
  for (const std::size_t count : {6U, 30U}) {
    const Samples samples = random_samples(count, 8, 100 + count);
    const RidgeRegression model(samples.rows, samples.targets, std::array{2.5});
    for (std::size_t i = 0; i < count; ++i) {
      Samples others = samples;
      others.rows.erase(others.rows.begin() + static_cast<std::ptrdiff_t>(i));
      others.targets.erase(others.targets.begin() + static_cast<std::ptrdiff_t>(i));
      const RidgeRegression without(others.rows, others.targets, std::array{2.5});
      EXPECT_NEAR(model.left_out()[i], without.predict(samples.rows[i]), 1e-9) << i;
    }
  }
}

TEST(RidgeRegression, TakesThePenaltyOfLeastErrorWhenLeavingOneOut) {
  const Samples samples = random_samples(25, 20, 3);
  const std::vector<double> penalties{1e-3, 0.1, 1.0, 10.0, 1000.0};
  const auto error = [&](double penalty) {
    const RidgeRegression model(samples.rows, samples.targets, std::array{penalty});
    double sum = 0.0;
    for (std::size_t i = 0; i < samples.targets.size(); ++i) {
      const double residual = samples.targets[i] - model.left_out()[i];
      sum += residual * residual;
    }
    return sum;
  };
  const RidgeRegression model(samples.rows, samples.targets, penalties);
  for (const double penalty : penalties) EXPECT_LE(error(model.penalty()), error(penalty));
}

TEST(RidgeRegression, OfEqualTargetsSaysThatTarget) {
  const RidgeRegression one(Rows{{1.0, 2.0}}, std::array{4.0}, std::array{1.0});
  EXPECT_NEAR(one.predict(std::array{9.0, -3.0}), 4.0, 1e-12);
  const RidgeRegression two(Rows{{1.0}, {1.0}}, std::array{4.0, 4.0}, std::array{1.0, 1e-3});
  EXPECT_NEAR(two.predict(std::array{7.0}), 4.0, 1e-12);
}

}  // namespace
}  // namespace hwflow::study
