#include "train/fault/image_flips.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.hpp"
#include "study/failure_predictor.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/fault/fault_space.hpp"
#include "train/fault/full_run.hpp"
#include "train/quant/integer_executor.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train::fault {
namespace {

constexpr std::int64_t kImages = 5;

/// Two convolutions and a fully connected layer, each at widths of its own, and five images.
struct TinyCase {
  TinyCase() {
    NetworkBuilder net;
    const Window window{.kernel = 3, .pad = 1};
    const NodeId first = net.conv_bias("conv1", net.input({1, 4, 4}), 2, window, Activation::relu);
    const NodeId second = net.conv_bias("conv2", first, 2, window, Activation::relu);
    net.fully_connected("fc", second, 3);
    Rng rng(5);
    network = random_integers(rng, std::move(net).finish("tiny"), {4, 4});
    images = {.name = "random", .channels = 1, .height = 4, .width = 4, .classes = 3};
    images.pixels = random_images(rng, *network, kImages);
    images.labels.assign(kImages, 0);
  }
  [[nodiscard]] std::optional<FlipCampaign> run(const FlipRequest& request) const {
    return ImageFlips(images, {}).run(*network, request, {}, {});
  }

  std::optional<IntegerNetwork> network;
  ImageSet images;
};

FlipRequest of_both_sites(std::int64_t flips) {
  FlipRequest request;
  request.sites = {Site::weights, Site::activations};
  request.flips = flips;
  return request;
}

/// Every single-bit fault on every image, each by a changed copy of the network: failures by site,
/// node and width.
using Key = std::tuple<Site, std::string, int>;
std::map<Key, FlipGroup> enumerated(const TinyCase& c) {
  const integer::Plan plan = integer::compile(*c.network, KernelSet::best).value();
  const FaultSpace space =
      FaultSpace::make(plan, {.sites = {Site::weights, Site::activations}}).value();
  const auto executor = IntegerExecutor::make(*c.network).value();
  const std::size_t size = c.images.pixels.size() / kImages;
  std::map<Key, FlipGroup> groups;
  for (std::size_t s = 0; s < space.strata().size(); ++s) {
    const Stratum& stratum = space.strata()[s];
    const std::string node = plan.network.network.nodes()[stratum.node].name;
    FlipGroup& group = groups[{stratum.site, node, 4}];
    group.words = stratum.words;
    for (std::int64_t word = 0; word < stratum.words; ++word) {
      const Upset upset = space.upset(s, word);
      FullRun changed(plan, std::span(&upset, 1));
      for (std::size_t image = 0; image < kImages; ++image) {
        const auto pixels = std::span(c.images.pixels).subspan(image * size, size);
        const Verdict verdict = changed.run(pixels.data(), executor.logits(pixels, 1, 1));
        ++group.inferences;
        group.failures += verdict.top1_changed ? 1 : 0;
      }
    }
  }
  return groups;
}

TEST(ImageFlips, EveryBitOnEveryImageIsWhatChangedNetworksSay) {
  const TinyCase c;
  const auto campaign = c.run(of_both_sites(0));
  ASSERT_TRUE(campaign.has_value());
  const std::map<Key, FlipGroup> expected = enumerated(c);
  ASSERT_EQ(campaign->groups.size(), expected.size());
  std::int64_t failures = 0;
  for (const FlipGroup& group : campaign->groups) {
    const FlipGroup& own = expected.at({group.site, group.node, group.bits});
    EXPECT_EQ(group.words, own.words) << group.node;
    EXPECT_EQ(group.inferences, own.inferences) << group.node;
    EXPECT_EQ(group.failures, own.failures) << group.node;
    EXPECT_EQ(group.inferences, group.stored_bits() * kImages);
    failures += group.failures;
  }
  EXPECT_GT(failures, 0);
}

/// The predictor of a search, calibrated by every bit on every image, says of this network what the
/// enumeration says: the sum of its single-bit faults that fail, per image, times the rate.
TEST(ImageFlips, ThePredictorOfASearchEqualsTheEnumeratedSum) {
  const TinyCase c;
  const std::array campaigns{*c.run(of_both_sites(0))};
  study::ResilienceOptions options;
  options.flips = 0;
  options.bit_rate = 1e-6;
  const Network& network = c.network->network;
  const study::FailurePredictor predictor(network, 8, options, campaigns);
  double sum = 0.0, survival = 1.0;
  std::int64_t bits = 0;
  for (const auto& [key, group] : enumerated(c)) {
    const double failing = static_cast<double>(group.failures) / kImages;  // bits, on average
    sum += failing;
    const auto stored = static_cast<double>(group.inferences) / kImages;
    bits += group.inferences / kImages;
    survival *= std::pow(1.0 - options.bit_rate * failing / stored, stored);
  }
  const auto rate = predictor.rate(network, CompressionPlan::uniform(3, 4, 4));
  EXPECT_EQ(rate.stored_bits, bits);
  EXPECT_NEAR(rate.failures, 1.0 - survival, 1e-9 * rate.failures + 1e-15);
  EXPECT_NEAR(rate.failures, options.bit_rate * sum, 1e-3 * rate.failures);
  // And so does a campaign of all bits alike, as finished plans are measured.
  FlipRequest all = of_both_sites(0);
  all.of_each_group = false;
  const auto measured = c.run(all);
  EXPECT_EQ(measured->low, measured->high);
  EXPECT_NEAR(study::expected_failures(measured->low, bits, options.bit_rate), rate.failures,
              1e-3 * rate.failures);
}

TEST(ImageFlips, DrawsSoManyOfEachGroupAndNoPairTwice) {
  const TinyCase c;
  const auto campaign = c.run(of_both_sites(100));
  const auto every = c.run(of_both_sites(0));
  for (std::size_t g = 0; g < campaign->groups.size(); ++g) {
    const FlipGroup& group = campaign->groups[g];
    EXPECT_EQ(group.inferences, std::min<std::int64_t>(100, group.stored_bits() * kImages));
    EXPECT_LE(group.failures, every->groups[g].failures);
  }
  EXPECT_EQ(c.run(of_both_sites(1'000'000))->groups, every->groups);
}

TEST(ImageFlips, OfAllBitsAlikeGroupsHaveTheirShares) {
  const TinyCase c;
  FlipRequest request = of_both_sites(2000);
  request.of_each_group = false;
  const auto campaign = c.run(request);
  double bits = 0.0;
  for (const FlipGroup& group : campaign->groups) bits += static_cast<double>(group.stored_bits());
  std::int64_t inferences = 0;
  for (const FlipGroup& group : campaign->groups) {
    const double share = static_cast<double>(group.stored_bits()) / bits;
    EXPECT_NEAR(static_cast<double>(group.inferences), 2000.0 * share,
                5.0 * std::sqrt(2000.0 * share));
    inferences += group.inferences;
  }
  EXPECT_EQ(inferences, 2000);
  EXPECT_LT(campaign->low, campaign->high);
  const auto every = c.run([&] {
    FlipRequest all = request;
    all.flips = 0;
    return all;
  }());
  EXPECT_LE(campaign->low, every->low);
  EXPECT_GE(campaign->high, every->high);
}

TEST(ImageFlips, DependsOnTheSeedAndNotOnThreads) {
  const TinyCase c;
  FlipRequest request = of_both_sites(150);
  request.images = 3;
  const auto one = c.run(request);
  request.threads = 4;
  EXPECT_EQ(c.run(request), one);
  request.seed = 2;
  EXPECT_NE(c.run(request), one);
}

TEST(ImageFlips, TellsProgressAndStops) {
  const TinyCase c;
  ImageFlips flips(c.images, {});
  std::int64_t last = 0, all = 0;
  const auto progress = [&](std::int64_t done, std::int64_t of) {
    EXPECT_GE(done, last);
    last = done;
    all = of;
  };
  ASSERT_TRUE(flips.run(*c.network, of_both_sites(20), progress, {}).has_value());
  EXPECT_EQ(last, all);
  EXPECT_EQ(all, 20 * 6);  // weights of three layers; the image and two maps
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(flips.run(*c.network, of_both_sites(20), {}, stop.get_token()).has_value());
}

TEST(ImageFlips, TestImagesAreASetOfTheirOwn) {
  const TinyCase c;
  FlipRequest request = of_both_sites(0);
  request.set = FlipImages::test;
  ImageSet first = select(c.images, {0});
  const auto one = ImageFlips(c.images, first).run(*c.network, request, {}, {});
  EXPECT_EQ(one->groups.front().inferences, one->groups.front().stored_bits());
}

}  // namespace
}  // namespace hwflow::train::fault
