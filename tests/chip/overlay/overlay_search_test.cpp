#include "chip/overlay/overlay_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "chip/overlay/network_cost.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

using Values = std::vector<double>;

bool dominates(const Values& a, const Values& b) {
  return a != b && a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] && a[3] <= b[3];
}

std::vector<Layer> resnet20(Rng& rng) {
  const Network network = make_builtin_network("resnet20").value();
  CompressionPlan plan = CompressionPlan::uniform(network.compute_nodes().size(), 8, 8);
  for (PrecisionPair& pair : plan.layers)
    pair = {static_cast<int>(rng.between(1, 8)), static_cast<int>(rng.between(1, 8))};
  std::vector<Layer> layers;
  for (const LoweredLayer& lowered : lower(network, plan)) layers.push_back(lowered.layer);
  return layers;
}

/// A network small enough to need chunks, passes and padding on small memories.
std::vector<Layer> small_network(Rng& rng) {
  std::vector<Layer> layers;
  const auto width = [&rng] { return static_cast<int>(rng.between(1, 4)); };
  for (int i = 0; i < 4; ++i) {
    ConvShape conv{.in_channels = rng.between(1, 40), .out_channels = rng.between(1, 40)};
    conv.in_height = conv.in_width = rng.between(3, 9);
    conv.kernel_height = conv.kernel_width = 3;
    layers.push_back({"conv", make_convolution(conv).value(), {width(), width(), width(), 32}});
  }
  layers.push_back(layers[1]);
  layers.push_back({"add", make_elementwise(1, 4, 4, 4, 2, Arithmetic::add).value(), {}});
  return layers;
}

/// Every design of the space by itself (mirror images too), and all pairs of them.
TEST(OverlaySearch, FrontMatchesEveryDesignByItself) {
  Rng rng(1);
  for (int trial = 0; trial < 24; ++trial) {
    OverlaySearchOptions options;
    options.space = {{1, 2, 5}, {64, 128}, {1, 2, 5}, {16, 48, 1024}, {16, 48, 1024}};
    if (trial % 3 == 1) options.space.bn = {20, 2000};
    options.overlay.model = trial % 2 == 0 ? BismoModel::trets19 : BismoModel::fpl18;
    options.overlay.im2col = static_cast<Im2col>(trial / 2 % 2);
    options.overlay.result_width = static_cast<ResultWidth>(trial / 4 % 2);
    options.device = FpgaDevice{"small", 4'000, 40};
    if (trial % 3 == 2) options.rules = {ScheduleRule::cycles, ScheduleRule::dram};
    const OverlaySearch search = OverlaySearch::make(options).value();
    const std::vector<Layer> layers = small_network(rng);

    std::set<Values> all;
    std::size_t feasible = 0;
    const DesignSpace& space = options.space;
    for (const std::int64_t dm : space.dm)
      for (const std::int64_t dk : space.dk)
        for (const std::int64_t dn : space.dn)
          for (const std::int64_t bm : space.bm)
            for (const std::int64_t bn : space.bn) {
              for (const ScheduleRule rule : options.rules) {
                const auto cost =
                    evaluate_overlay(layers, {dm, dk, dn, bm, bn}, options.overlay, rule).value();
                if (!fits(cost.resources, *options.device)) continue;
                feasible += rule == options.rules[0] ? 1 : 0;
                all.insert({static_cast<double>(cost.cycles), static_cast<double>(cost.dram_bits()),
                            cost.resources.lut, static_cast<double>(cost.resources.bram36)});
              }
            }
    EXPECT_EQ(search.feasible_designs(), feasible);
    std::multiset<Values> expected;
    for (const Values& value : all) {
      bool is_dominated = false;
      for (const Values& other : all) is_dominated |= dominates(other, value);
      if (!is_dominated) expected.insert(value);
    }
    std::multiset<Values> found;
    const std::vector<OverlayPoint> front = search.front(layers).value();
    for (const OverlayPoint& point : front) {
      found.insert(values_of(point));
      const auto alone =
          evaluate_overlay(layers, point.design, options.overlay, point.rule).value();
      EXPECT_EQ(alone.cycles, point.cycles);
      EXPECT_EQ(alone.dram_bits(), point.dram_bits);
    }
    ASSERT_EQ(found, expected) << "trial " << trial;
    std::set<Values> listed;
    const std::vector<OverlayPoint> points = search.points(layers).value();
    for (const OverlayPoint& point : points) listed.insert(values_of(point));
    ASSERT_EQ(listed, all) << "trial " << trial;
  }
}

/// A plan of ResNet-20 on the whole default space: nothing listed dominates a point of the front,
/// and something of the front dominates, or equals, everything listed.
TEST(OverlaySearch, FrontOfResnet20) {
  Rng rng(2);
  const OverlaySearch search = OverlaySearch::make({}).value();
  const std::vector<Layer> layers = resnet20(rng);
  const std::vector<OverlayPoint> front = search.front(layers).value();
  const std::vector<OverlayPoint> points = search.points(layers).value();
  EXPECT_EQ(points.size(), search.listed_designs());
  EXPECT_LT(front.size(), points.size());
  for (const OverlayPoint& point : points) {
    const Values value = values_of(point);
    bool is_covered = false;
    for (const OverlayPoint& better : front) {
      const Values other = values_of(better);
      ASSERT_FALSE(dominates(value, other));
      is_covered |= other == value || dominates(other, value);
    }
    ASSERT_TRUE(is_covered);
    ASSERT_TRUE(fits({point.lut, point.bram36}, kZ7020));
  }
  const auto two = search.front(layers, {.lut = false, .bram36 = false}).value();
  EXPECT_LT(two.size(), front.size());
  for (const OverlayPoint& point : two) {
    EXPECT_THAT(points, ::testing::Contains(point));
    for (const OverlayPoint& other : points)
      EXPECT_FALSE(other.cycles <= point.cycles && other.dram_bits <= point.dram_bits &&
                   (other.cycles < point.cycles || other.dram_bits < point.dram_bits));
  }
}

/// What docs/model.md says of the rules.
TEST(OverlaySearch, BalancedIsNearBothExtremes) {
  const Network network = make_builtin_network("resnet20").value();
  double most_cycles = 1.0, most_bits = 1.0, most_bits_of_fastest = 1.0;
  for (const PipelineFill fill : {PipelineFill::per_run, PipelineFill::per_sync}) {
    OverlaySearchOptions options;
    options.overlay.fill = fill;
    options.rules = {ScheduleRule::balanced, ScheduleRule::cycles, ScheduleRule::dram};
    const OverlaySearch search = OverlaySearch::make(options).value();
    for (const int bits : {1, 2, 4, 8}) {
      std::vector<Layer> layers;
      const auto plan = CompressionPlan::uniform(network.compute_nodes().size(), bits, bits);
      for (const LoweredLayer& lowered : lower(network, plan)) layers.push_back(lowered.layer);
      const std::vector<OverlayPoint> points = search.points(layers).value();
      const auto ratio = [](std::int64_t a, std::int64_t b) {
        return static_cast<double>(a) / static_cast<double>(b);
      };
      for (std::size_t i = 0; i < points.size(); i += 3) {  // one design under the three rules
        const OverlayPoint& balanced = points[i];
        const OverlayPoint& fastest = points[i + 1];
        const OverlayPoint& leanest = points[i + 2];
        ASSERT_LE(fastest.cycles, std::min(balanced.cycles, leanest.cycles));
        ASSERT_LE(leanest.dram_bits, std::min(balanced.dram_bits, fastest.dram_bits));
        most_cycles = std::max(most_cycles, ratio(balanced.cycles, fastest.cycles));
        most_bits = std::max(most_bits, ratio(balanced.dram_bits, leanest.dram_bits));
        most_bits_of_fastest =
            std::max(most_bits_of_fastest, ratio(fastest.dram_bits, leanest.dram_bits));
      }
    }
  }
  EXPECT_LT(most_cycles, 1.015);
  EXPECT_NEAR(most_bits, 1.158, 0.002);
  EXPECT_NEAR(most_bits_of_fastest, 1.80, 0.005);
}

TEST(OverlaySearch, DoesNotDependOnThreadsOrHistory) {
  Rng rng(3);
  std::vector<std::vector<Layer>> plans;
  for (int i = 0; i < 24; ++i) plans.push_back(resnet20(rng));
  std::vector<std::vector<OverlayPoint>> alone(plans.size());
  for (std::size_t i = 0; i < plans.size(); ++i)
    alone[i] = OverlaySearch::make({}).value().front(plans[i]).value();
  for (const std::size_t most_bytes : {std::size_t{1} << 30, std::size_t{200'000}}) {
    OverlaySearchOptions options;
    options.most_table_bytes = most_bytes;  // the small one drops tables all the time
    const OverlaySearch search = OverlaySearch::make(options).value();
    std::vector<std::vector<OverlayPoint>> together(plans.size());
    {
      std::vector<std::jthread> threads;
      for (std::size_t first = 0; first < 4; ++first) {
        threads.emplace_back([&, first] {
          for (std::size_t i = first; i < plans.size(); i += 4)
            together[i] = search.front(plans[i]).value();
        });
      }
    }
    EXPECT_EQ(together, alone);
    const std::size_t bytes = search.tables() * search.listed_designs() * 2 * sizeof(double);
    EXPECT_LE(bytes, most_bytes);
    EXPECT_EQ(search.tables() > 100, most_bytes > 1'000'000);
  }
}

TEST(OverlaySearch, SharesTablesOfWhatCostsTheSame) {
  Rng rng(4);
  const OverlaySearch search = OverlaySearch::make({}).value();
  std::vector<Layer> layers{small_network(rng)[0]};
  const auto first = search.front(layers).value();
  layers[0].bits.outputs += 1;  // results leave at 32 bits
  EXPECT_EQ(search.front(layers).value(), first);
  EXPECT_EQ(search.tables(), 1U);
  layers[0].bits.inputs += 1;
  EXPECT_NE(search.front(layers).value(), first);
  EXPECT_EQ(search.tables(), 2U);
}

TEST(OverlaySearch, NetworksThatCostNothing) {
  const OverlaySearch search = OverlaySearch::make({}).value();
  const std::vector<Layer> layers{
      {"add", make_elementwise(1, 4, 4, 4, 2, Arithmetic::add).value(), {}}};
  const auto front = search.front(layers).value();
  ASSERT_EQ(front.size(), 1U);
  EXPECT_EQ(front[0].design, (BismoShape{1, 64, 1, 1024, 1024}));
  EXPECT_EQ(front[0].cycles, 0);
}

TEST(OverlayPoint, ValuesOfTheObjectivesThatCount) {
  const OverlayPoint point{{}, ScheduleRule::dram, 7, 8, 9.5, 10};
  EXPECT_EQ(values_of(point), (Values{7, 8, 9.5, 10}));
  EXPECT_EQ(values_of(point, {.dram_bits = false, .bram36 = false}), (Values{7, 9.5}));
  EXPECT_EQ(values_of(point, {.cycles = false, .lut = false}), (Values{8, 10}));
}

TEST(OverlaySearch, RefusesWrongOptions) {
  OverlaySearchOptions options;
  options.space.dm = {};
  options.rules = {ScheduleRule::dram, ScheduleRule::dram};
  const auto wrong_space = OverlaySearch::make(options);
  ASSERT_FALSE(wrong_space);
  EXPECT_EQ(to_text(wrong_space.error()),
            "dm: must list one value at least\n"
            "rules[1]: is listed twice\n");
  options = {};
  options.overlay.regions = 0;
  options.rules = {};
  const auto wrong_overlay = OverlaySearch::make(options);
  ASSERT_FALSE(wrong_overlay);
  EXPECT_EQ(to_text(wrong_overlay.error()),
            "regions: must be in [2, 64], got 0\n"
            "rules: must list one rule at least\n");
  options = {};
  options.overlay.base_lut = 60'000;
  const auto too_small = OverlaySearch::make(options);
  ASSERT_FALSE(too_small);
  EXPECT_EQ(to_text(too_small.error()),
            "device: no design of the space fits 'xc7z020' (add smaller designs)\n");
  EXPECT_TRUE(are_infeasible(too_small.error()));
}

TEST(OverlaySearch, RefusesWrongLayers) {
  Rng rng(6);
  const OverlaySearch search = OverlaySearch::make({}).value();
  std::vector<Layer> layers = small_network(rng);
  layers[0].bits.weights = layers[1].bits.inputs = 0;
  const auto refused = search.front(layers);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().size(), 2U);

  const Layer large{
      "large", make_fully_connected(1 << 12, 1 << 18, 1 << 12).value(), {8, 8, 8, 32}};
  ASSERT_TRUE(matrix_product(large));
  EXPECT_FALSE(search.points(std::vector<Layer>(10, large)));
}

}  // namespace
}  // namespace hwflow::chip
