#include "study/design_gate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::study {
namespace {

using Targets = std::vector<std::optional<double>>;

std::vector<DesignPoint> front_of(const std::vector<std::vector<double>>& costs) {
  std::vector<DesignPoint> front;
  for (const auto& values : costs) front.push_back({{static_cast<double>(front.size())}, values});
  return front;
}

/// The reference costs 100 and 10; limits 50 and 10.
TEST(DesignGate, PassesWhenADesignMeetsAllTargets) {
  const DesignGate gate({100.0, 10.0}, Targets{0.5, std::nullopt});
  EXPECT_EQ(gate.limits(), (std::vector<double>{50.0, 10.0}));

  const auto outside = gate.judge(front_of({{60.0, 5.0}, {40.0, 11.0}, {100.0, 1.0}}));
  EXPECT_FALSE(outside.passes);
  EXPECT_NEAR(outside.violation.value(), 0.1, 1e-8);  // 11 of 10, where 60 of 50 is 0.2
  EXPECT_EQ(outside.nearest->sizes, DesignSizes{1.0});
  EXPECT_EQ(outside.volume, 0.0);
  EXPECT_TRUE(outside.inside.empty());

  // 50 and 10 are at the limits; 25 and 5 leave a quarter of the box.
  const auto inside = gate.judge(front_of({{60.0, 1.0}, {25.0, 5.0}, {50.0, 10.0}}));
  EXPECT_TRUE(inside.passes);
  EXPECT_EQ(inside.violation, 0.0);
  EXPECT_NEAR(inside.volume, 0.25, 1e-8);
  ASSERT_EQ(inside.inside.size(), 2U);
  EXPECT_EQ(inside.inside[0].sizes, DesignSizes{1.0});
}

TEST(DesignGate, AsksForSomethingBetterWhenThereAreNoTargets) {
  const DesignGate gate({100.0, 10.0}, Targets{std::nullopt, std::nullopt});
  EXPECT_FALSE(gate.judge(front_of({{100.0, 10.0}})).passes);
  EXPECT_FALSE(gate.judge(front_of({{101.0, 1.0}})).passes);
  EXPECT_TRUE(gate.judge(front_of({{100.0, 9.0}})).passes);
  EXPECT_TRUE(DesignGate({100.0, 10.0}, Targets{1.0, std::nullopt})
                  .judge(front_of({{100.0, 10.0}}))
                  .passes);
}

TEST(DesignGate, RefusesAFrontWithoutDesigns) {
  const auto verdict = DesignGate({1.0}, Targets{0.5}).judge({});
  EXPECT_FALSE(verdict.passes);
  EXPECT_FALSE(verdict.violation.has_value());
  EXPECT_FALSE(verdict.nearest.has_value());
}

/// Witness: every design by itself, and the volume by another algorithm.
TEST(DesignGate, AgreesWithEveryDesignByItself) {
  Rng rng(51);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t objectives = 1 + rng.below(4);
    std::vector<double> reference;
    Targets targets;
    for (std::size_t k = 0; k < objectives; ++k) {
      reference.push_back(1.0 + 9.0 * rng.uniform());
      targets.push_back(0.3 + rng.uniform());
    }
    const DesignGate gate(reference, targets);
    std::vector<std::vector<double>> costs(rng.below(8), std::vector<double>(objectives));
    for (auto& values : costs) {
      for (double& value : values) value = 12.0 * rng.uniform();
    }
    std::vector<pareto::Objectives> scaled;
    double least = std::numeric_limits<double>::infinity();
    std::size_t inside = 0;
    for (const auto& values : costs) {
      double over = 0.0;
      scaled.emplace_back();
      for (std::size_t k = 0; k < objectives; ++k) {
        scaled.back().push_back(values[k] / (reference[k] * *targets[k]));
        over += std::max(0.0, scaled.back()[k] - 1.0);
      }
      inside += over == 0.0 ? 1 : 0;
      least = std::min(least, over);
    }
    const DesignGate::Verdict verdict = gate.judge(front_of(costs));
    EXPECT_EQ(verdict.passes, inside > 0);
    EXPECT_EQ(verdict.inside.size(), inside);
    if (!costs.empty()) {
      EXPECT_NEAR(verdict.violation.value(), least, 1e-8);
    }
    EXPECT_NEAR(verdict.volume, pareto::hypervolume(scaled, pareto::Objectives(objectives, 1.0)),
                1e-7);
  }
}

}  // namespace
}  // namespace hwflow::study
