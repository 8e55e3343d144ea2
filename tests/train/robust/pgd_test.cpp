#include "train/robust/pgd.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/robust/every_corner.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr double kEps = 8.0 / 255.0;

struct LinearCase {
  PixelBox box;
  LinearProblem problem;
  Tensor label = torch::zeros({1}, torch::kInt64);
  /// Of the margin, over the box: for a linear one eps * ||w||_1 where no pixel meets 0 or 1.
  double fall = 0.0;
};

/// The margin is `share` of what the ball can take from it.
LinearCase linear_case(double share, std::uint64_t seed) {
  LinearCase c{
      .box = make_box(random_bytes(27, 20, seed), {1, 3, 3, 3}, kEps, PixelGrid::continuous),
      .problem = {}};
  c.problem = linear_problem(c.box.center, 0.0, seed);
  c.fall = kEps * c.problem.weight.abs().sum().item<double>();
  c.problem = linear_problem(c.box.center, share * c.fall, seed);
  return c;
}

bool breaks_by_fgsm(const LinearCase& c) {
  StandingImages images = standing(c.box, c.label, *c.problem.classifier);
  attack_by_fgsm(images, *c.problem.classifier);
  return images.empty();
}

bool breaks_by_pgd(const LinearCase& c) {
  StandingImages images = standing(c.box, c.label, *c.problem.classifier);
  attack_by_pgd(images, *c.problem.classifier, {.steps = 20, .step_size = kEps / 4}, {});
  return images.empty();
}

TEST(Fgsm, IsExactOnALinearClassifier) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(breaks_by_fgsm(linear_case(0.999, seed))) << seed;
    EXPECT_FALSE(breaks_by_fgsm(linear_case(1.001, seed))) << seed;
  }
}

TEST(Pgd, IsExactOnALinearClassifier) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(breaks_by_pgd(linear_case(0.999, seed))) << seed;
    EXPECT_FALSE(breaks_by_pgd(linear_case(1.001, seed))) << seed;
  }
}

TEST(Fgsm, LeavesPixelsWithoutGradient) {
  Tensor weight = torch::tensor({1.0F, 0.0F, 0.0F, 0.0F}).view({2, 2});  // the second pixel: none
  LinearClassifier classifier(weight, torch::tensor({0.0F, 0.505F}));
  const PixelBox box =
      make_box(std::vector<std::uint8_t>{130, 77}, {1, 1, 1, 2}, kEps, PixelGrid::continuous);
  StandingImages images = standing(box, torch::zeros({1}, torch::kInt64), classifier);
  attack_by_fgsm(images, classifier);
  ASSERT_TRUE(images.empty());
  EXPECT_EQ(images.images().flatten()[0].item<float>(), box.low.flatten()[0].item<float>());
  EXPECT_EQ(images.images().flatten()[1].item<float>(), box.center.flatten()[1].item<float>());
}

TEST(Pgd, FindsWhatEnumerationFinds) {
  SmallProblem p;
  const auto truth = breakable_by_enumeration(p.classifier, p.box, p.labels, p.kReach);
  StandingImages images = standing(p.box, p.labels, p.classifier);
  attack_by_pgd(images, p.classifier, {.steps = 30, .step_size = p.kEps / 4, .restarts = 5}, {});
  const Verdict verdict = compare(images, truth);
  EXPECT_GT(verdict.breakable, 12);
  EXPECT_LT(verdict.breakable, 108);
  EXPECT_EQ(verdict.invented, 0);
  EXPECT_EQ(verdict.found, verdict.breakable);
}

TEST(Pgd, BreaksWhatFgsmBreaks) {
  SmallProblem p;
  StandingImages by_fgsm = standing(p.box, p.labels, p.classifier);
  attack_by_fgsm(by_fgsm, p.classifier);
  StandingImages by_pgd = standing(p.box, p.labels, p.classifier);
  attack_by_pgd(by_pgd, p.classifier, {.steps = 30, .step_size = p.kEps / 4, .restarts = 5}, {});
  for (std::size_t i = 0; i < by_fgsm.fooled_into().size(); ++i)
    EXPECT_TRUE(by_fgsm.fooled_into()[i] < 0 || by_pgd.fooled_into()[i] >= 0) << i;
}

TEST(Pgd, ShowsTheNetworkOnlyBytesOfTheBallAndStepsShorterThanAByteAddUp) {
  // Half a byte a step: rounding each step back would stay where it is for ever.
  SmallProblem p;
  const auto truth = breakable_by_enumeration(p.classifier, p.box, p.labels, p.kReach);
  StandingImages images = standing(p.box, p.labels, p.classifier);
  p.classifier.seen.clear();
  attack_by_pgd(images, p.classifier, {.steps = 40, .step_size = 0.3 / 255, .random_start = false},
                {});
  for (const Tensor& seen : p.classifier.seen)
    ASSERT_TRUE(torch::equal(p.box.on_grid(seen), seen)) << "not bytes";
  const Verdict verdict = compare(images, truth);
  EXPECT_GE(verdict.found, verdict.breakable * 9 / 10);
}

TEST(Pgd, EveryRestartIsAnotherStartAndFallenImagesGetNone) {
  // A box that nothing breaks: all restarts are run, from different points.
  const PixelBox box = make_box(random_bytes(8, 20, 4), {2, 1, 2, 2}, kEps, PixelGrid::continuous);
  BentClassifier classifier(4, 3, 5);
  const Tensor labels = classes_of(classifier, box.center);
  LinearClassifier never(torch::zeros({3, 4}), torch::tensor({1.0F, 0.0F, 0.0F}));
  StandingImages images(box, torch::zeros({2}, torch::kInt64), {0, 1}, never);
  classifier.seen.clear();
  attack_by_pgd(images, classifier, {.steps = 3, .step_size = kEps / 4, .restarts = 2}, {});
  ASSERT_EQ(classifier.seen.size(), 6U);
  EXPECT_FALSE(torch::equal(classifier.seen[0], classifier.seen[3]));
  for (const Tensor& seen : classifier.seen) EXPECT_TRUE(torch::equal(box.project(seen), seen));
}

TEST(Pgd, StopsWhenAsked) {
  SmallProblem p;
  std::stop_source source;
  source.request_stop();
  StandingImages images = standing(p.box, p.labels, p.classifier);
  p.classifier.seen.clear();
  attack_by_pgd(images, p.classifier, {.steps = 3, .step_size = 0.1}, source.get_token());
  EXPECT_TRUE(p.classifier.seen.empty());
}

}  // namespace
}  // namespace hwflow::train::robust
