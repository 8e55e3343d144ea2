#include "study/accuracy_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

/// Nobody has weights for it, nor images: it is never read.
std::string text_of(const std::string& more) {
  return "schema: 1\nstudy: s\nnetwork: resnet20\naccelerator: eyeriss\n"
         "accuracy: {method: proxy}\n" +
         more;
}

constexpr const char* kChannels =
    "search: {weight_bits: [4, 8], input_bits: [2, 8], channels: {shares: [0.5, 1]}}\n"
    "baselines: [{weights: 8, inputs: 8}]\n"
    "finish: {baselines: [{weights: 8, inputs: 8}], reference: {weights: 8, inputs: 8}}\n";

double capacity(CapacityProxy& proxy, const CompressionPlan& plan) {
  return proxy.evaluate(plan, {}).value().search.top1();
}

TEST(CapacityProxy, IsTheGeometricMeanOfWhatLayersKeep) {
  const LoadedStudy study = parse_study(text_of(kChannels), "s.yaml").value();
  CapacityProxy proxy(study);
  const CompressionPlan whole = CompressionPlan::uniform(20, 8, 8);
  EXPECT_DOUBLE_EQ(capacity(proxy, whole), 1.0);
  EXPECT_EQ(proxy.float_search_accuracy().top1(), 1.0);

  // One of 20 layers at 4 of 8 and 2 of 8 bits: (1/8)^(1/20).
  CompressionPlan narrow = whole;
  narrow.layers[3] = {4, 2};
  EXPECT_NEAR(capacity(proxy, narrow), std::pow(0.125, 1.0 / 20.0), 1e-9);

  // The first convolutions of all nine blocks at half their channels: half the weights of all 18
  // convolutions in blocks, all of the stem's and of the head's.
  CompressionPlan pruned = whole;
  const ChannelGroups groups(study.network);
  for (const ChannelGroup& group : groups.groups()) {
    const auto size = static_cast<std::int32_t>(group.units.size());
    pruned.channels.push_back(group.producers.size() == 1 ? size / 2 : size);
  }
  EXPECT_NEAR(capacity(proxy, pruned), std::pow(0.5, 18.0 / 20.0), 1e-9);
}

TEST(CapacityProxy, MeasuresNothingElse) {
  const LoadedStudy study = parse_study(text_of(kChannels), "s.yaml").value();
  CapacityProxy proxy(study);
  const CompressionPlan plan = CompressionPlan::uniform(20, 8, 8);
  EXPECT_EQ(proxy.confirm(plan, {}).value().total, 0);
  EXPECT_EQ(proxy.float_test_accuracy().total, 0);
  EXPECT_FALSE(proxy.finish(plan, {}, {}, {}));
  EXPECT_THAT(proxy.key(), testing::HasSubstr("proxy capacity"));
}

TEST(CapacityProxy, HasNoAccuraciesToCompareBy) {
  std::string several = text_of(kChannels);
  several.replace(several.find("accelerator: eyeriss"), 20,
                  "accelerators: [{accelerator: eyeriss}, {accelerator: e168}]");
  const auto machines = parse_studies(several, "s.yaml");
  ASSERT_FALSE(machines);
  EXPECT_THAT(to_text(machines.error()),
              testing::HasSubstr("s.yaml: accelerators: are compared by accuracies"));
  const auto designs = parse_study(text_of("hardware: {search: {space: array}}\n"), "s.yaml");
  ASSERT_FALSE(designs);
  EXPECT_THAT(to_text(designs.error()), testing::HasSubstr("hardware.search: goes by accuracies"));
}

TEST(CapacityProxy, GoesByNoScores) {
  const auto refused = parse_study(
      text_of("search: {algorithm: magnitude, channels: {shares: [0.5, 1]}}\n"), "s.yaml");
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()),
              testing::HasSubstr("s.yaml: search.algorithm: goes by scores of weights"));
}

}  // namespace
}  // namespace hwflow::study
