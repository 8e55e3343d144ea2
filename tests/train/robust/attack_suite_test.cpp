#include "train/robust/attack_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cstdlib>

#include "tests/train/quant/quadrants.hpp"
#include "tests/train/robust/small_classifiers.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/robust/masking_alarms.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

/// The first images of the quadrants' test set.
ImageSet some_images(std::int64_t count) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i) indices.push_back(i);
  return select(trained().data->test, indices);
}

WeightedNetwork float_network() { return {trained().network, trained().weights}; }

Victim float_quadrants() {
  return float_victim(float_network(), trained().options.normalization, some_images(1), "cpu")
      .value();
}

QuantizedNetwork quantized_quadrants() {
  return quantize_quadrants(
      CompressionPlan::uniform(trained().network.compute_nodes().size(), 8, 8));
}

Victim quantized_victim_of(QuantizedMode mode) {
  Victim victim =
      quantized_victim(quantized_quadrants(), mode, PixelGrid::bytes, some_images(1), "cpu")
          .value();
  victim.transfer = float_quadrants().gradient;
  return victim;
}

/// Small but whole: every attack, two eps of which the smaller breaks some and the larger most.
AttackOptions small_options() {
  AttackOptions o;
  o.eps = {{"24/255", 24.0 / 255}, {"12/255", 12.0 / 255}};
  o.pgd_steps = 10;
  o.apgd_steps = 10;
  o.queries = 30;
  o.batch_size = 16;
  return o;
}

AttackOptions byte_options() {
  AttackOptions o = small_options();
  o.pixels = PixelGrid::bytes;
  o.attacks.push_back(AttackKind::transfer);
  return o;
}

void expect_same(const AttackReport& a, const AttackReport& b) {
  EXPECT_EQ(a.predicted, b.predicted);
  ASSERT_EQ(a.by_eps.size(), b.by_eps.size());
  for (std::size_t e = 0; e < a.by_eps.size(); ++e) {
    EXPECT_EQ(a.by_eps[e].images, b.by_eps[e].images);
    for (std::size_t k = 0; k < a.by_eps[e].attacks.size(); ++k)
      EXPECT_EQ(a.by_eps[e].attacks[k].fooled_into, b.by_eps[e].attacks[k].fooled_into);
  }
}

TEST(AttackSuite, RefusesWhatCannotBe) {
  AttackOptions o = small_options();
  o.attacks = {AttackKind::transfer, AttackKind::apgd_dlr};
  o.device = "abacus";
  o.queries = 0;
  ImageSet two = some_images(4);
  two.classes = 2;
  const auto refused = attack_images(float_quadrants(), two, o);
  ASSERT_FALSE(refused.has_value());
  const std::string text = to_text(refused.error());
  for (const char* said : {"network to transfer from", "three classes", "abacus", "queries"})
    EXPECT_THAT(text, testing::HasSubstr(said));
}

TEST(AttackSuite, SortsByEpsAndMoreIsNeverFewer) {
  const AttackReport report =
      attack_images(float_quadrants(), some_images(48), small_options()).value();
  ASSERT_EQ(report.by_eps.size(), 2U);
  EXPECT_EQ(report.by_eps[0].eps.text, "12/255");
  const auto small = report.by_eps[0].robust(), large = report.by_eps[1].robust();
  EXPECT_LE(large.correct, small.correct);
  EXPECT_LT(small.correct, report.clean().correct);
  EXPECT_GT(report.clean().correct, 40);
  ASSERT_EQ(report.probe.size(), 1U);
  EXPECT_EQ(report.probe[0].robust().correct, 0);
  EXPECT_EQ(report.zero_gradients, 0);
  EXPECT_FALSE(report.stopped);
}

TEST(AttackSuite, DoesNotDependOnThreads) {
  AttackOptions o = small_options();
  o.keep_images = true;
  const AttackReport one = attack_images(float_quadrants(), some_images(48), o).value();
  o.threads = 3;
  expect_same(one, attack_images(float_quadrants(), some_images(48), o).value());
}

TEST(AttackSuite, DependsOnTheSeedAndHardlyOnTheBatch) {
  AttackOptions o = small_options();
  o.eps = {{"24/255", 24.0 / 255}};
  o.attacks = {AttackKind::square};
  o.probe = false;
  o.keep_images = true;
  std::vector<float> made;
  const auto fooled = [&] {
    const AttackReport report = attack_images(float_quadrants(), some_images(48), o).value();
    made = report.by_eps[0].images;
    return report.by_eps[0].attacks[0].fooled_into;
  };
  const auto first = fooled();
  o.batch_size = 7;
  const auto other_batch = fooled();
  int different = 0;
  for (std::size_t i = 0; i < first.size(); ++i) different += first[i] != other_batch[i] ? 1 : 0;
  EXPECT_LE(different, 1) << "only where floats round otherwise";
  const std::vector<float> before = made;
  o.seed = 2;
  (void)fooled();
  EXPECT_NE(made, before) << "other images fool it";
}

TEST(AttackSuite, ACascadeComesToTheSameWorstCase) {
  AttackOptions o = small_options();
  const AttackReport apart = attack_images(float_quadrants(), some_images(48), o).value();
  o.cascade = true;
  const AttackReport cascade = attack_images(float_quadrants(), some_images(48), o).value();
  for (std::size_t e = 0; e < apart.by_eps.size(); ++e) {
    int different = 0;
    for (std::size_t i = 0; i < 48; ++i)
      different += apart.by_eps[e].is_robust(i) != cascade.by_eps[e].is_robust(i) ? 1 : 0;
    EXPECT_LE(different, 1) << "only where floats round otherwise";
    EXPECT_LT(cascade.by_eps[e].attacks.back().attacked(),
              apart.by_eps[e].attacks.back().attacked());
  }
}

/// The judge of tests, on the bytes of the images that were kept: not the code of the attacks.
TEST(AttackSuite, IntegerNetworksAreFooledByBytesWithinTheBall) {
  AttackOptions o = byte_options();
  o.keep_images = true;
  const ImageSet images = some_images(48);
  const AttackReport report =
      attack_images(quantized_victim_of(QuantizedMode::integer), images, o).value();
  const auto executor =
      IntegerExecutor::make(to_integer_network(quantized_quadrants()).value()).value();
  const auto clean = executor.predict(images.pixels, images.count(), 1);
  for (std::size_t i = 0; i < clean.size(); ++i) EXPECT_EQ(report.predicted[i], clean[i]);
  for (const EpsOutcome& outcome : report.by_eps) {
    const int reach = std::atoi(outcome.eps.text.c_str());
    std::vector<std::uint8_t> bytes;
    for (std::size_t k = 0; k < outcome.images.size(); ++k) {
      const double byte = 255.0 * outcome.images[k];
      ASSERT_NEAR(byte, std::round(byte), 1e-4);
      bytes.push_back(static_cast<std::uint8_t>(std::lround(byte)));
      ASSERT_LE(std::abs(bytes.back() - images.pixels[k]), reach);
    }
    const auto predicted = executor.predict(bytes, images.count(), 1);
    int broken = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) {
      const bool right = predicted[i] == images.labels[i];
      EXPECT_EQ(right, outcome.is_robust(i)) << i;
      broken += right ? 0 : 1;
    }
    EXPECT_GT(broken, 5);
  }
}

TEST(AttackSuite, FakeAndIntegerVerdictsAgree) {
  const ImageSet images = some_images(32);
  const AttackReport fake =
      attack_images(quantized_victim_of(QuantizedMode::fake), images, byte_options()).value();
  const AttackReport integer =
      attack_images(quantized_victim_of(QuantizedMode::integer), images, byte_options()).value();
  for (std::size_t e = 0; e < fake.by_eps.size(); ++e)
    EXPECT_NEAR(static_cast<double>(fake.by_eps[e].robust().correct),
                static_cast<double>(integer.by_eps[e].robust().correct), 1.0);
}

/// As much as the network itself is hidden behind gradients that are 0, or that lie.
Victim masked(double factor) {
  Victim victim = float_quadrants();
  const MakeClassifier honest = victim.judge;
  victim.gradient = [honest, factor] {
    return std::make_unique<MaskedClassifier>(honest(), factor);
  };
  victim.transfer = honest;
  return victim;
}

TEST(AttackSuite, HiddenGradientsRaiseAlarms) {
  AttackOptions o = small_options();
  o.eps = {{"24/255", 24.0 / 255}};
  o.queries = 200;
  o.attacks.push_back(AttackKind::transfer);
  const auto kinds = [&](const Victim& victim) {
    std::vector<AlarmKind> found;
    for (const auto& alarm : masking_alarms(attack_images(victim, some_images(48), o).value()))
      found.push_back(alarm.kind);
    return found;
  };
  using testing::Contains;
  const auto hidden = kinds(masked(0.0));
  for (const AlarmKind kind : {AlarmKind::gradient_free_stronger, AlarmKind::transfer_stronger,
                               AlarmKind::no_collapse, AlarmKind::zero_gradients})
    EXPECT_THAT(hidden, Contains(kind));
  const auto lying = kinds(masked(-1.0));
  EXPECT_THAT(lying, Contains(AlarmKind::gradient_free_stronger));
  EXPECT_THAT(lying, Contains(AlarmKind::transfer_stronger));
  Victim open = float_quadrants();
  open.transfer = open.judge;
  EXPECT_THAT(kinds(open), testing::IsEmpty());
}

TEST(AttackSuite, StopsWhenAskedAndTellsHowFarItIs) {
  std::stop_source source;
  std::int64_t calls = 0, total = 0, last = 0;
  AttackOptions o = small_options();
  const auto progress = [&](const AttackProgress& now) {
    ++calls;
    total = now.total;
    last = now.done;
  };
  EXPECT_FALSE(attack_images(float_quadrants(), some_images(20), o, progress)->stopped);
  EXPECT_EQ(total, 20 * (2 * 5 + 1));
  EXPECT_EQ(last, total);
  source.request_stop();
  const std::int64_t before = calls;
  EXPECT_TRUE(
      attack_images(float_quadrants(), some_images(20), o, progress, source.get_token())->stopped);
  EXPECT_EQ(calls, before);
}

}  // namespace
}  // namespace hwflow::train::robust
