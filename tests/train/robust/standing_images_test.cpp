#include "train/robust/standing_images.hpp"

#include <gtest/gtest.h>

#include "tests/train/robust/small_classifiers.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

/// Class 1 where the one pixel is above 1/2.
std::unique_ptr<LinearClassifier> threshold() {
  return std::make_unique<LinearClassifier>(torch::tensor({0.0F, 1.0F}).view({2, 1}),
                                            torch::tensor({0.5F, 0.0F}));
}

TEST(StandingImages, OnlyTheJudgeBreaksAndOnlySuspectsAreShown) {
  const auto judge = threshold();
  const std::vector<std::uint8_t> bytes{120, 120, 120, 120};
  const PixelBox box = make_box(bytes, {4, 1, 1, 1}, 0.2, PixelGrid::continuous);
  StandingImages images = standing(box, torch::zeros({4}, torch::kInt64), *judge);
  Tensor candidates = torch::tensor({0.6F, 0.4F, 0.6F, 0.6F}).view({4, 1, 1, 1});
  const auto left = images.offer(
      candidates, torch::tensor(std::vector<std::int64_t>{1, 1, 0, 1}).to(torch::kBool));
  // The second does not fool the judge, the third is not shown to it.
  ASSERT_TRUE(left.has_value());
  EXPECT_TRUE(torch::equal(*left, torch::tensor(std::vector<std::int64_t>{1, 2})));
  EXPECT_EQ(images.numbers(), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(images.fooled_into(), (std::vector<std::int64_t>{1, -1, -1, 1}));
  EXPECT_FLOAT_EQ(images.images()[0].item<float>(), 0.6F);
  EXPECT_FLOAT_EQ(images.images()[2].item<float>(), 120.0F / 255.0F);
  EXPECT_EQ(images.box().center.size(0), 2);
  // Rows are counted anew among those that stand.
  const auto rest = images.offer_all(torch::tensor({0.4F, 0.7F}).view({2, 1, 1, 1}));
  EXPECT_TRUE(torch::equal(*rest, torch::tensor(std::vector<std::int64_t>{0})));
  EXPECT_EQ(images.fooled_into(), (std::vector<std::int64_t>{1, -1, 1, 1}));
  EXPECT_FALSE(images.offer_all(torch::tensor({0.4F}).view({1, 1, 1, 1})).has_value());
}

TEST(StandingImages, StreamsBelongToImagesNotToTheirPlaceInTheBatch) {
  const auto judge = threshold();
  const PixelBox box =
      make_box(std::vector<std::uint8_t>{0, 0}, {2, 1, 1, 1}, 0.2, PixelGrid::continuous);
  const Tensor labels = torch::zeros({2}, torch::kInt64);
  const StandingImages a(box, labels, {7, 9}, *judge), b(box, labels, {9, 11}, *judge);
  EXPECT_EQ(a.streams(1, AttackKind::pgd, 0)[1](), b.streams(1, AttackKind::pgd, 0)[0]());
  EXPECT_NE(a.streams(1, AttackKind::pgd, 0)[1](), a.streams(1, AttackKind::pgd, 1)[1]());
  EXPECT_NE(a.streams(1, AttackKind::pgd, 0)[1](), a.streams(1, AttackKind::square, 0)[1]());
  EXPECT_NE(a.streams(1, AttackKind::pgd, 0)[1](), a.streams(2, AttackKind::pgd, 0)[1]());
}

TEST(SlopeAt, IsTheDifferenceQuotient) {
  BentClassifier classifier(4, 3, 5);
  const Tensor x = torch::full({1, 1, 2, 2}, 0.4F);
  const Tensor label = torch::zeros({1}, torch::kInt64);
  const Slope slope = slope_at(classifier, x, label, AttackLoss::cross_entropy);
  for (std::int64_t i = 0; i < 4; ++i) {
    Tensor up = x.clone(), down = x.clone();
    up.flatten()[i] += 1e-2;
    down.flatten()[i] -= 1e-2;
    const auto loss = [&](const Tensor& at) {
      return cross_entropy(classifier.logits(at), label).item<double>();
    };
    EXPECT_NEAR(slope.gradient.flatten()[i].item<double>(), (loss(up) - loss(down)) / 2e-2, 2e-3);
  }
}

}  // namespace
}  // namespace hwflow::train::robust
