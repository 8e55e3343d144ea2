#include "chip/fusion/buffer_front.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// Its buffer is the one that is varied.
Accelerator machine_with(std::optional<std::int64_t> weight_bits = std::nullopt,
                         bool bypassed = false) {
  return testing::machine_with(4000, weight_bits, bypassed);
}

FusionOptions options_for(Objective objective, std::int64_t evaluations = 2000) {
  FusionOptions options = testing::options_for(objective, evaluations);
  options.share_in_space = false;
  return options;
}

FusionGraph draw_graph(Rng& rng, int layers) {
  Network network = testing::random_network(rng, layers);
  while (network.compute_nodes().empty()) network = testing::random_network(rng, layers);
  return make_fusion_graph(network, testing::random_plan(rng, network),
                           {.partial_sum_bits = 16, .auxiliary_bits = 8});
}

/// Convolutions in a row, so small that the mapper proves them at once.
FusionGraph draw_chain(Rng& rng, int layers) {
  NetworkBuilder builder;
  NodeId x = builder.input({rng.between(1, 3), 4, 4});
  for (int l = 0; l < layers; ++l) {
    const int kernel = rng.between(0, 2) == 0 ? 1 : 3;
    x = builder.conv_bias(fmt::format("l{}", l), x, rng.between(1, 4),
                          {.kernel = kernel, .pad = kernel / 2}, Activation::none);
  }
  const Network network = std::move(builder).finish("chain");
  return make_fusion_graph(network, testing::random_plan(rng, network),
                           {.partial_sum_bits = 16, .auxiliary_bits = 8});
}

/// The witness: with one size and nothing known of any other.
Expected<NetworkFusion> fuse_apart(const FusionGraph& graph, const Accelerator& accelerator,
                                   const FusionOptions& options, std::int64_t bits,
                                   bool double_buffered = false) {
  return fuse_network(graph, *make_fusion_machine(accelerator, {bits, double_buffered}), options);
}

void expect_equal(const NetworkFusion& a, const NetworkFusion& b) {
  ASSERT_EQ(a.groups.size(), b.groups.size());
  EXPECT_EQ(a.compulsory_dram_bits, b.compulsory_dram_bits);
  EXPECT_EQ(a.slices_searched, b.slices_searched);
  EXPECT_EQ(a.optimal, b.optimal);
  EXPECT_EQ(a.single_layers.has_value(), b.single_layers.has_value());
  EXPECT_DOUBLE_EQ(a.value, b.value);
  EXPECT_DOUBLE_EQ(a.lower_bound, b.lower_bound);
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    EXPECT_EQ(a.groups[i].slice, b.groups[i].slice);
    EXPECT_DOUBLE_EQ(a.groups[i].value, b.groups[i].value);
    ASSERT_EQ(a.groups[i].plan.has_value(), b.groups[i].plan.has_value());
    if (!a.groups[i].plan) continue;
    EXPECT_EQ(a.groups[i].plan->schedule, b.groups[i].plan->schedule);
    EXPECT_EQ(a.groups[i].plan->room.total(), b.groups[i].plan->room.total());
    EXPECT_EQ(a.groups[i].total.energy_pj, b.groups[i].total.energy_pj);
    EXPECT_EQ(a.groups[i].total.cycles, b.groups[i].total.cycles);
  }
}

TEST(FuseBuffers, EveryPointIsThatOfASearchFromScratch) {
  int compared = 0, fused = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    Rng rng = Rng::derive(301, seed);
    const FusionGraph graph = draw_graph(rng, 5);
    const std::int64_t weights = rng.between(0, 2);
    const Accelerator accelerator = machine_with(
        weights == 1 ? std::optional(rng.between(300, 3000)) : std::nullopt, weights == 2);
    BufferSweep sweep{BufferSizes{}, rng.between(0, 1) == 1};
    for (std::int64_t bits = rng.between(6000, 12'000); bits > 200; bits = bits * 3 / 5)
      std::get<BufferSizes>(sweep.sizes).push_back(bits);
    for (const Objective objective :
         {Objective::dram, Objective::energy, Objective::latency, Objective::edp}) {
      FusionOptions options = options_for(objective, 1000);
      options.share_in_space = objective == Objective::latency || objective == Objective::edp;
      const auto front = fuse_buffers(graph, accelerator, sweep, options);
      if (!front) continue;
      for (const BufferPoint& point : front->points) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed << ", " << name(objective) << ", "
                                          << point.buffer_bits << " bits");
        const auto apart =
            fuse_apart(graph, accelerator, options, point.buffer_bits, *sweep.double_buffered);
        ASSERT_TRUE(apart.has_value());
        EXPECT_LE(point.peak_bits, point.buffer_bits);
        if (apart->single_layers_optimal) {
          expect_equal(point.fusion, *apart);
          ++compared;
        } else {
          EXPECT_LE(point.fusion.lower_bound, point.fusion.value);
        }
        fused += point.fusion.groups.size() < graph.layers.size() ? 1 : 0;
      }
      if (front->too_small_bits) {
        EXPECT_FALSE(fuse_apart(graph, accelerator, options, *front->too_small_bits,
                                *sweep.double_buffered));
      }
    }
  }
  EXPECT_GT(compared, 50);
  EXPECT_GT(fused, 30);
}

/// (bits held, value) of the points that no other one beats.
std::vector<std::pair<std::int64_t, double>> pareto_set(const BufferFront& front) {
  std::vector<std::pair<std::int64_t, double>> set;
  for (const BufferPoint& point : front.points)
    if (!point.is_dominated) set.emplace_back(point.peak_bits, point.fusion.value);
  return set;
}

bool is_proved(const BufferFront& front) {
  return std::all_of(front.points.begin(), front.points.end(),
                     [](const BufferPoint& point) { return point.fusion.optimal; });
}

/// Nothing runs by itself: then every partition is proved without the mapper.
FusionOptions only_groups() {
  FusionOptions options = options_for(Objective::dram);
  options.map_alone = [](const Layer& layer, const Accelerator&, const MapperOptions&,
                         const std::stop_token&) -> Expected<MappingResult> {
    return Unexpected{Diagnostics{{layer.name, "is not asked for", "", ProblemKind::infeasible}}};
  };
  return options;
}

/// Every size of the range by itself gives the smallest buffer with which a value is reached.
/// Returns the points of the set; 0: not all sizes are proved.
std::size_t expect_set_of_all_sizes(const FusionGraph& graph, FusionOptions options,
                                    const BufferRange& range) {
  MappingCache blocks;  // which do not depend on the buffer; tested below
  options.mappings = &blocks;
  std::map<double, std::int64_t> smallest;
  bool proved = true;
  for (std::int64_t bits = range.most_bits; bits >= range.least_bits; --bits) {
    const auto apart = fuse_apart(graph, machine_with(), options, bits);
    if (!apart) break;
    proved = proved && apart->optimal;
    smallest[apart->value] = bits;
  }
  const auto front = fuse_buffers(graph, machine_with(), {range, {}}, options);
  EXPECT_EQ(front.has_value(), !smallest.empty());
  if (!front || !proved) return 0;
  std::vector<std::pair<std::int64_t, double>> expected;
  for (const auto& [value, bits] : smallest) expected.emplace_back(bits, value);
  auto found = pareto_set(*front);
  // At the lower end a partition may hold less than the least size.
  found.back().first = std::max(found.back().first, range.least_bits);
  EXPECT_EQ(found, expected);
  return found.size();
}

TEST(FuseBuffers, TheSetOfGroupsIsThatOfAllSizesOneByOne) {
  std::size_t points = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng = Rng::derive(302, seed);
    const FusionGraph graph = draw_graph(rng, 4);
    points += expect_set_of_all_sizes(graph, only_groups(), {100, 1500, 0.0});
  }
  EXPECT_GT(points, 40U);
}

TEST(FuseBuffers, TheSetWithSingleLayersIsThatOfAllSizesOneByOne) {
  std::size_t points = 0;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Rng rng = Rng::derive(307, seed);
    const FusionGraph graph = draw_chain(rng, 2);
    points +=
        expect_set_of_all_sizes(graph, options_for(Objective::dram, 100'000), {150, 200, 0.0});
  }
  EXPECT_GT(points, 3U);
}

TEST(FuseBuffers, LessRoomNeverCostsLess) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Rng rng = Rng::derive(303, seed);
    const FusionGraph graph = draw_graph(rng, 5);
    for (const double step : {0.0, 0.3}) {
      const auto front = fuse_buffers(graph, machine_with(), {BufferRange{200, 6000, step}, {}},
                                      options_for(Objective::dram));
      if (!front) continue;
      for (std::size_t i = 0; i < front->points.size(); ++i) {
        const BufferPoint& point = front->points[i];
        EXPECT_LE(point.peak_bits, point.buffer_bits);
        if (i == 0) continue;
        const BufferPoint& larger = front->points[i - 1];
        EXPECT_LT(point.buffer_bits, larger.peak_bits);
        EXPECT_GE(static_cast<double>(point.fusion.value), larger.fusion.lower_bound);
        if (larger.fusion.optimal) {
          EXPECT_GE(point.fusion.value, larger.fusion.value);
        }
      }
      const auto set = pareto_set(*front);
      for (std::size_t i = 1; i < set.size(); ++i) {
        EXPECT_LT(set[i].first, set[i - 1].first);
        EXPECT_GT(set[i].second, set[i - 1].second);
      }
    }
  }
}

/// What a step leaves out is no better than something that holds little more.
TEST(FuseBuffers, StepsLeaveOutOnlyWhatIsNearSomethingAsGood) {
  std::size_t all = 0, some = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Rng rng = Rng::derive(304, seed);
    const FusionGraph graph = draw_graph(rng, 4);
    const FusionOptions options = only_groups();
    constexpr double kStep = 0.25;
    const auto whole =
        fuse_buffers(graph, machine_with(), {BufferRange{200, 5000, 0.0}, {}}, options);
    const auto thinned =
        fuse_buffers(graph, machine_with(), {BufferRange{200, 5000, kStep}, {}}, options);
    ASSERT_EQ(whole.has_value(), thinned.has_value());
    if (!whole || !is_proved(*whole) || !is_proved(*thinned)) continue;
    all += whole->points.size();
    some += thinned->points.size();
    const auto near = pareto_set(*thinned);
    for (const auto& [peak, value] : pareto_set(*whole)) {
      EXPECT_TRUE(std::any_of(near.begin(), near.end(),
                              [&](const auto& point) {
                                return point.second <= value &&
                                       static_cast<double>(point.first) <=
                                           (1.0 + kStep) * static_cast<double>(peak);
                              }))
          << "seed " << seed << ", " << peak << " bits";
    }
  }
  EXPECT_GT(some, 0U);
  EXPECT_LT(some, all);
}

TEST(FuseBuffers, DoesNotDependOnThreads) {
  Rng rng = Rng::derive(305, 1);
  const FusionGraph graph = draw_graph(rng, 5);
  for (const Objective objective : {Objective::dram, Objective::edp}) {
    FusionOptions options = options_for(objective, 500);
    const BufferSweep sweep{BufferRange{300, 6000, 0.1}, {}};
    const auto one = fuse_buffers(graph, machine_with(), sweep, options);
    options.threads = 4;
    const auto four = fuse_buffers(graph, machine_with(), sweep, options);
    ASSERT_TRUE(one.has_value() && four.has_value());
    ASSERT_EQ(one->points.size(), four->points.size());
    for (std::size_t i = 0; i < one->points.size(); ++i) {
      EXPECT_EQ(one->points[i].buffer_bits, four->points[i].buffer_bits);
      EXPECT_EQ(one->points[i].fusion.value, four->points[i].fusion.value);
      EXPECT_EQ(one->points[i].fusion.lower_bound, four->points[i].fusion.lower_bound);
      EXPECT_EQ(one->points[i].fusion.total.energy_pj, four->points[i].fusion.total.energy_pj);
    }
  }
}

TEST(FuseBuffers, ListsAreSearchedOnceEachFromTheLargest) {
  Rng rng = Rng::derive(306, 2);
  const FusionGraph graph = draw_graph(rng, 3);
  const auto front = fuse_buffers(graph, machine_with(), {BufferSizes{2000, 5000, 2000, 9000}, {}},
                                  options_for(Objective::dram));
  ASSERT_TRUE(front.has_value());
  std::vector<std::int64_t> sizes;
  for (const BufferPoint& point : front->points) sizes.push_back(point.buffer_bits);
  EXPECT_EQ(sizes, (BufferSizes{9000, 5000, 2000}));
}

TEST(FuseBuffers, SaysBelowWhichSizeNothingFits) {
  Rng rng = Rng::derive(306, 2);
  const FusionGraph graph = draw_graph(rng, 3);
  const FusionOptions options = options_for(Objective::dram);
  const auto front = fuse_buffers(graph, machine_with(), {BufferRange{1, 3000, 0.0}, {}}, options);
  ASSERT_TRUE(front.has_value());
  ASSERT_TRUE(front->too_small_bits.has_value());
  EXPECT_EQ(*front->too_small_bits, front->points.back().peak_bits - 1);
  EXPECT_TRUE(front->is_complete);
  const auto none = fuse_buffers(graph, machine_with(), {BufferSizes{8}, {}}, options);
  ASSERT_FALSE(none.has_value());
  EXPECT_TRUE(are_infeasible(none.error()));
}

TEST(FuseBuffers, AStopKeepsThePointsFoundBefore) {
  Rng rng = Rng::derive(306, 2);
  const FusionGraph graph = draw_graph(rng, 3);
  std::stop_source source;
  const auto stop_third = [&](std::int64_t, std::size_t points, std::int64_t) {
    if (points == 2) source.request_stop();
  };
  const BufferSweep sweep{BufferRange{300, 9000, 0.0}, {}};
  const FusionOptions options = options_for(Objective::dram);
  const auto whole = fuse_buffers(graph, machine_with(), sweep, options);
  const auto cut =
      fuse_buffers(graph, machine_with(), sweep, options, stop_third, source.get_token());
  ASSERT_TRUE(whole.has_value() && cut.has_value());
  ASSERT_GT(whole->points.size(), 2U);
  EXPECT_FALSE(cut->is_complete);
  ASSERT_EQ(cut->points.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_EQ(cut->points[i].fusion.value, whole->points[i].fusion.value);
}

TEST(FuseBuffers, RefusesMachinesWithoutOneBuffer) {
  Rng rng = Rng::derive(306, 2);
  const FusionGraph graph = draw_graph(rng, 3);
  const auto front = fuse_buffers(graph, *load_accelerator("bitfusion"), {BufferSizes{8000}, {}},
                                  options_for(Objective::dram));
  ASSERT_FALSE(front.has_value());
  EXPECT_FALSE(are_infeasible(front.error()));
}

}  // namespace
}  // namespace hwflow::chip
