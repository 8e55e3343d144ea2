#include "train/robust/apgd.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "tests/train/robust/every_corner.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

Tensor losses(std::vector<double> values) { return torch::tensor(values); }

TEST(StepHalving, HalvesWhereTooFewStepsHelpedOrNothingMoves) {
  // 10 steps: checkpoints 3, 5, 6, 7, ... Three images: always better; twice of three; once.
  StepHalving halving(10, 0.5, losses({0, 0, 0}));
  EXPECT_FALSE(halving.update(1, losses({1, 1, 1})).any().item<bool>());
  EXPECT_FALSE(halving.update(2, losses({2, 2, 0})).any().item<bool>());
  const Tensor halved = halving.update(3, losses({3, 1, 0}));
  // 3 of 3 >= 2.25; 2 and 1 are fewer.
  EXPECT_TRUE(
      torch::equal(halved, torch::tensor(std::vector<std::int64_t>{0, 1, 1}).to(torch::kBool)));
  EXPECT_TRUE(torch::allclose(halving.step_sizes(), torch::tensor({1.0F, 0.5F, 0.5F})));
  EXPECT_TRUE(torch::equal(halving.best(), losses({3, 2, 1})));
}

TEST(StepHalving, ComparesWithTheBestPointAfterGoingBackToIt) {
  StepHalving halving(10, 0.5, losses({0}));
  (void)halving.update(1, losses({2}));
  (void)halving.update(2, losses({1}));
  EXPECT_TRUE(halving.update(3, losses({1})).item<bool>());
  // It went on from loss 2: 1.5 is no increase, although it is above the last loss; 2.5 is one.
  (void)halving.update(4, losses({1.5}));
  EXPECT_TRUE(halving.update(5, losses({2.5})).item<bool>()) << "1 of 2 is fewer than 1.5";
  EXPECT_FLOAT_EQ(halving.step_sizes().item<float>(), 0.25F);
}

TEST(StepHalving, KeepsTheRowsThatStand) {
  StepHalving halving(10, 0.5, losses({0, 0, 0}));
  (void)halving.update(1, losses({1, 2, 3}));
  halving.keep(torch::tensor(std::vector<std::int64_t>{0, 2}));
  EXPECT_TRUE(torch::equal(halving.best(), losses({1, 3})));
}

/// Algorithm 1 of the paper for one image, in doubles and loops, for comparison.
class NaiveApgd {
 public:
  NaiveApgd(Classifier& classifier, const PixelBox& box, Tensor label, double eps, int steps)
      : classifier_(classifier), box_(box), label_(std::move(label)), eps_(eps), steps_(steps) {}

  std::vector<Tensor> run(const Tensor& start) {
    std::vector<Tensor> points{start};
    std::vector<double> f{loss(start)};
    double eta = 2.0 * eps_, best_loss = f[0], best_then = f[0];
    Tensor best = start;
    bool halved_then = false;
    Tensor x = start, before = start;
    int last = 0, increases = 0;
    for (int k = 0; k < steps_; ++k) {
      const Tensor z = clip(x + eta * gradient(x).sign());
      const Tensor next = k == 0 ? z : clip(x + 0.75 * (z - x) + 0.25 * (x - before));
      before = x;
      x = next;
      points.push_back(x);
      if (k + 1 == steps_) break;
      const double now = loss(x);
      increases += now > f.back() ? 1 : 0;
      f.push_back(now);
      if (now > best_loss) {
        best_loss = now;
        best = x;
      }
      if (!is_checkpoint(k + 1)) continue;
      const bool halve =
          increases < 0.75 * (k + 1 - last) || (!halved_then && best_loss == best_then);
      if (halve) {
        eta /= 2.0;
        x = best;
        f.back() = best_loss;
      }
      halved_then = halve;
      best_then = best_loss;
      last = k + 1;
      increases = 0;
    }
    return points;
  }

 private:
  [[nodiscard]] bool is_checkpoint(int step) const {
    for (double p = 0.22, before = 0.0; p < 1.0 + 1e-9;) {
      if (step == static_cast<int>(std::ceil(p * steps_ - 1e-9))) return true;
      const double next = p + std::max(p - before - 0.03, 0.06);
      before = p;
      p = next;
    }
    return false;
  }
  [[nodiscard]] Tensor clip(const Tensor& x) const { return torch::clamp(x, box_.low, box_.high); }
  double loss(const Tensor& x) {
    return cross_entropy(classifier_.logits(x), label_).item<float>();
  }
  Tensor gradient(const Tensor& x) {
    return slope_at(classifier_, x, label_, AttackLoss::cross_entropy).gradient;
  }

  Classifier& classifier_;
  const PixelBox& box_;
  Tensor label_;
  double eps_;
  int steps_;
};

TEST(Apgd, WalksAsTheAlgorithmOfThePaper) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const double eps = 0.3;
    const int steps = 30;
    const PixelBox box =
        make_box(random_bytes(4, 0, seed), {1, 1, 2, 2}, eps, PixelGrid::continuous);
    BentClassifier classifier(4, 3, seed);
    const Tensor label = classes_of(classifier, box.center);
    // A judge that is never fooled, so that the walk goes to its end.
    Tensor bias = torch::zeros({3});
    bias[label.item<std::int64_t>()] = 1.0;
    LinearClassifier judge(torch::zeros({3, 4}), bias);
    StandingImages images(box, label, {0}, judge);
    auto streams = images.streams(1, AttackKind::apgd_ce, 0);
    const std::vector<Tensor> expected =
        NaiveApgd(classifier, box, label, eps, steps).run(random_point(box, streams));
    classifier.seen.clear();
    attack_by_apgd(images, classifier, {.eps = eps, .steps = steps}, {});
    ASSERT_EQ(classifier.seen.size(), static_cast<std::size_t>(steps));
    for (std::size_t k = 0; k < classifier.seen.size(); ++k)
      ASSERT_TRUE(torch::allclose(classifier.seen[k], expected[k], 0.0, 1e-5))
          << "seed " << seed << " point " << k;
  }
}

TEST(Apgd, FindsWhatEnumerationFinds) {
  SmallProblem p;
  const auto truth = breakable_by_enumeration(p.classifier, p.box, p.labels, p.kReach);
  for (const AttackLoss loss : {AttackLoss::cross_entropy, AttackLoss::dlr}) {
    StandingImages images = standing(p.box, p.labels, p.classifier);
    attack_by_apgd(images, p.classifier, {.loss = loss, .eps = p.kEps, .steps = 40, .restarts = 20},
                   {});
    const Verdict verdict = compare(images, truth);
    EXPECT_EQ(verdict.invented, 0);
    EXPECT_GE(verdict.found, verdict.breakable - 1);  // starts may all end in a local best
  }
}

TEST(Apgd, IsExactOnALinearClassifier) {
  const double eps = 8.0 / 255.0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const PixelBox box =
        make_box(random_bytes(27, 20, seed), {1, 3, 3, 3}, eps, PixelGrid::continuous);
    const double fall =
        eps * linear_problem(box.center, 0.0, seed).weight.abs().sum().item<double>();
    for (const double share : {0.999, 1.001}) {
      const LinearProblem problem = linear_problem(box.center, share * fall, seed);
      StandingImages images = standing(box, torch::zeros({1}, torch::kInt64), *problem.classifier);
      attack_by_apgd(images, *problem.classifier, {.eps = eps, .steps = 30}, {});
      EXPECT_EQ(images.empty(), share < 1.0) << seed;
    }
  }
}

TEST(Apgd, TheRatioMovesWhereTheCrossEntropyIsFlat) {
  // Logits a thousand times too large: the softmax is 0 and 1 in floats.
  const double eps = 8.0 / 255.0;
  const PixelBox box = make_box(random_bytes(4, 20, 3), {1, 1, 2, 2}, eps, PixelGrid::continuous);
  const LinearProblem small = linear_problem(box.center, 0.0, 3);
  const double fall = eps * small.weight.abs().sum().item<double>();
  Tensor weight = torch::zeros({3, 4});
  weight[0].copy_(20'000.0 * small.weight);
  Tensor bias = torch::zeros({3});
  bias[0] = 20'000.0 * (0.9 * fall - torch::dot(small.weight, box.center.flatten()).item<double>());
  bias[2] = -1000.0;
  LinearClassifier classifier(weight, bias);
  const auto broken = [&](AttackLoss loss) {
    StandingImages images = standing(box, torch::zeros({1}, torch::kInt64), classifier);
    // From one random point near the middle of the ball, where the label is sure.
    attack_by_apgd(images, classifier, {.loss = loss, .eps = eps, .steps = 30}, {});
    return images.empty();
  };
  EXPECT_FALSE(broken(AttackLoss::cross_entropy));
  EXPECT_TRUE(broken(AttackLoss::dlr));
}

}  // namespace
}  // namespace hwflow::train::robust
