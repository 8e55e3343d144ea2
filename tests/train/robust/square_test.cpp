#include "train/robust/square.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>

#include "tests/train/robust/every_corner.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr double kEps = 8.0 / 255.0;

TEST(SquareSide, CoversTheShareOfTheImage) {
  EXPECT_EQ(square_side(0.8, 32, 32), 29);       // sqrt(819.2) = 28.6
  EXPECT_EQ(square_side(0.8 / 512, 32, 32), 1);  // sqrt(1.6) = 1.26
  EXPECT_EQ(square_side(0.0001, 32, 32), 1);
  EXPECT_EQ(square_side(1.0, 4, 16), 4);  // 8, but the image has four rows
}

TEST(Square, ReachesTheBestCornerOfALinearClassifier) {
  // Without gradients, on the margin alone: single pixels set right one by one.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const PixelBox box =
        make_box(random_bytes(27, 20, seed), {1, 3, 3, 3}, kEps, PixelGrid::continuous);
    const double fall =
        kEps * linear_problem(box.center, 0.0, seed).weight.abs().sum().item<double>();
    for (const double share : {0.999, 1.001}) {
      const LinearProblem problem = linear_problem(box.center, share * fall, seed);
      MaskedClassifier without_gradient(std::make_unique<LinearClassifier>(*problem.classifier),
                                        0.0);
      StandingImages images = standing(box, torch::zeros({1}, torch::kInt64), without_gradient);
      attack_by_squares(images, {.queries = 2000, .p = 0.8, .seed = seed}, {});
      EXPECT_EQ(images.empty(), share < 1.0) << seed;
    }
  }
}

TEST(Square, FindsTheCornersThatEnumerationFinds) {
  SmallProblem p;
  const auto corners =
      breakable_by_enumeration(p.classifier, p.box, p.labels, p.kReach, 2 * p.kReach);
  StandingImages images = standing(p.box, p.labels, p.classifier);
  attack_by_squares(images, {.queries = 500}, {});
  const Verdict verdict = compare(images, corners);
  EXPECT_GT(verdict.breakable, 12);
  EXPECT_EQ(verdict.invented, 0);
  EXPECT_GE(verdict.found, verdict.breakable - 2);  // a search by squares may end in a local best
}

/// All queries of an attack on one image that nothing breaks.
std::vector<Tensor> queries(const PixelBox& box, int count, std::uint64_t seed) {
  class Recorder final : public Classifier {
   public:
    Tensor logits(const Tensor& pixels) override {
      seen.push_back(pixels.clone());
      // The darker the better, so that some squares are kept and others not.
      const Tensor sum = pixels.flatten(1).sum(1, true);
      return torch::cat({1000.0 + sum, 0.0 * sum, 0.0 * sum}, 1);
    }
    [[nodiscard]] bool has_gradient() const override { return false; }
    std::vector<Tensor> seen;
  } recorder;
  StandingImages images = standing(box, torch::zeros({1}, torch::kInt64), recorder);
  attack_by_squares(images, {.queries = count, .p = 0.8, .seed = seed}, {});
  return recorder.seen;
}

TEST(Square, BeginsWithColumnsAndChangesOneSquareAQuery) {
  const PixelBox box = make_box(random_bytes(2 * 36, 20, 1), {1, 2, 6, 6}, kEps, PixelGrid::bytes);
  const std::vector<Tensor> seen = queries(box, 300, 1);
  ASSERT_EQ(seen.size(), 300U);
  const Tensor upper = seen[0].eq(box.high);
  EXPECT_TRUE(upper.logical_or(seen[0].eq(box.low)).all().item<bool>());
  EXPECT_TRUE(torch::equal(upper, upper.select(2, 0).unsqueeze(2).expand_as(upper)));
  EXPECT_TRUE(upper.any().item<bool>());
  EXPECT_FALSE(upper.all().item<bool>());
  // The best so far by the same rule (the darker), and what each query changes of it.
  Tensor best = seen[0];
  for (std::size_t query = 1; query < seen.size(); ++query) {
    ASSERT_TRUE(seen[query].eq(box.high).logical_or(seen[query].eq(box.low)).all().item<bool>());
    const Tensor changed = seen[query].ne(best).any(1)[0];  // by some channel
    const Tensor at = changed.nonzero();
    const auto side = square_side(square_share(0.8, static_cast<std::int64_t>(query), 300), 6, 6);
    if (at.size(0) > 0) {
      const Tensor span = std::get<0>(at.max(0)) - std::get<0>(at.min(0)) + 1;
      ASSERT_LE(span.max().item<std::int64_t>(), side) << query;
    }
    if (seen[query].sum().item<double>() < best.sum().item<double>()) best = seen[query];
  }
  EXPECT_TRUE(torch::equal(best, box.low)) << "the darkest corner";
}

TEST(Square, IsTheSameByTheSameSeed) {
  const PixelBox box = make_box(random_bytes(36, 20, 1), {1, 1, 6, 6}, kEps, PixelGrid::bytes);
  const auto a = queries(box, 50, 1), b = queries(box, 50, 1), c = queries(box, 50, 2);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i]));
  EXPECT_FALSE(torch::equal(a[0], c[0]));
}

}  // namespace
}  // namespace hwflow::train::robust
