#include "train/fault/propagation.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/train/fault/integer_case.hpp"
#include "train/fault/full_run.hpp"
#include "train/fault/words.hpp"
#include "train/quant/integer_executor.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train::fault {
namespace {

constexpr Site kSites[] = {Site::weights, Site::biases, Site::scales, Site::activations,
                           Site::accumulators};

/// A word of a random node that has such sites; none when the network has none.
std::optional<Upset> random_upset(Rng& rng, const integer::Plan& plan, Site site) {
  for (int tries = 0; tries < 1000; ++tries) {
    const std::size_t node = rng.below(plan.nodes.size());
    const std::size_t copy = rng.below(2);
    const std::int64_t words = word_count(plan, site, node, copy);
    if (words == 0) continue;
    if (site != Site::scales && site != Site::activations && copy != 0) continue;
    const auto bits = static_cast<std::uint64_t>(word_of(plan, site, node, copy).bits);
    std::uint64_t mask = std::uint64_t{1} << rng.below(bits);
    if (rng.below(4) == 0) mask |= std::uint64_t{1} << rng.below(bits);
    return Upset{site,
                 rng.below(2) == 0 ? Effect::flip : static_cast<Effect>(1 + rng.below(2)),
                 static_cast<std::uint32_t>(node),
                 static_cast<std::uint32_t>(copy),
                 static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(words))),
                 mask};
  }
  return std::nullopt;
}

struct Counts {
  int faults = 0, masked = 0, top1_changed = 0, crashed = 0;
};

void compare(const IntegerNetwork& network, KernelSet kernels, Rng& rng, int faults,
             std::size_t most_upsets, std::span<const Site> sites, Counts& counts) {
  const auto plan = integer::compile(network, kernels);
  ASSERT_TRUE(plan.has_value());
  const auto pixels = random_images(rng, network, 2);
  Golden golden = make_golden(*plan);
  Propagation propagation(*plan);
  // Neither way to run a node may matter: always by what changed, and always anew.
  Propagation sparse(*plan, {.convolution = 1.0, .addition = 1.0});
  Propagation dense(*plan, {.convolution = 0.0, .addition = 0.0});
  for (std::size_t image = 0; image < 2; ++image) {
    const std::uint8_t* at = pixels.data() + image * pixels.size() / 2;
    run_golden(*plan, at, golden);
    for (Propagation* each : {&propagation, &sparse, &dense}) each->begin(golden);
    for (int fault = 0; fault < faults; ++fault) {
      std::vector<Upset> upsets;
      const std::size_t count = 1 + rng.below(most_upsets);
      while (upsets.size() < count)
        if (const auto upset = random_upset(rng, *plan, sites[rng.below(sites.size())]))
          upsets.push_back(*upset);
      const Verdict quick = propagation.run(upsets);
      const Verdict full = FullRun(*plan, upsets).run(at, golden.workspace.logits);
      ASSERT_EQ(quick, full) << "site " << static_cast<int>(upsets[0].site) << " node "
                             << network.network.nodes()[upsets[0].node].name << " element "
                             << upsets[0].element << " bits " << upsets[0].bits;
      ASSERT_EQ(sparse.run(upsets), full);
      ASSERT_EQ(dense.run(upsets), full);
      ++counts.faults;
      counts.masked += full.masked ? 1 : 0;
      counts.top1_changed += full.top1_changed ? 1 : 0;
      counts.crashed += full.crashed ? 1 : 0;
    }
  }
}

Counts compare_random(std::uint64_t seed, int networks, const RandomNetworkOptions& options,
                      KernelSet kernels, std::size_t most_upsets, std::span<const Site> sites) {
  Counts counts;
  for (int trial = 0; trial < networks && !testing::Test::HasFatalFailure(); ++trial) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " trial " + std::to_string(trial));
    Rng rng = Rng::derive(seed, static_cast<std::uint64_t>(trial));
    compare(random_integer_network(rng, options), kernels, rng, 20, most_upsets, sites, counts);
  }
  return counts;
}

class PropagationOfSite : public testing::TestWithParam<Site> {};

TEST_P(PropagationOfSite, SingleUpsetsEqualFullRunsOnRandomNetworks) {
  const Site sites[] = {GetParam()};
  const Counts counts = compare_random(1, 60, {}, KernelSet::best, 1, sites);
  EXPECT_GT(counts.masked, counts.faults / 50);
  EXPECT_GT(counts.top1_changed, counts.faults / 50);
}
INSTANTIATE_TEST_SUITE_P(All, PropagationOfSite, testing::ValuesIn(kSites));

TEST(Propagation, SeveralUpsetsTogetherEqualFullRuns) {
  const Counts counts = compare_random(2, 80, {}, KernelSet::best, 6, kSites);
  EXPECT_GT(counts.crashed, 0);
}

TEST(Propagation, PortableKernelsEqualFullRuns) {
  compare_random(3, 60, {}, KernelSet::portable, 3, kSites);
}

TEST(Propagation, EightBitsEqualFullRuns) {
  compare_random(4, 60, {8, 8}, KernelSet::best, 3, kSites);
}

TEST(Propagation, WideCodesEqualFullRuns) {
  compare_random(5, 40, {8, 12}, KernelSet::best, 3, kSites);
}

/// Groups of changed channels of a pixel fill more than one word of 64.
TEST(Propagation, MoreThan256ChannelsEqualFullRuns) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 4, 4});
  x = builder.conv_bias("a", x, 330, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bias("b", x, 330, {.kernel = 3, .pad = 1}, Activation::relu, 330);
  x = builder.conv_bias("c", x, 262, {.kernel = 1}, Activation::none);
  builder.conv_bias("d", x, 10, {.kernel = 4}, Activation::none);
  Counts counts;
  for (std::uint64_t trial = 0; trial < 6; ++trial) {
    Rng rng = Rng::derive(8, trial);
    NetworkBuilder copy = builder;
    const IntegerNetwork network =
        random_integers(rng, std::move(copy).finish("wide"), {8, trial < 4 ? 8 : 12});
    compare(network, KernelSet::best, rng, 20, 2, kSites, counts);
  }
  EXPECT_GT(counts.masked, 0);
  EXPECT_GT(counts.top1_changed, 0);
}

/// Maps large enough for changes to grow over many pixels before they reach the logits: what one
/// layer changes passes the limit of the sparse way in the next.
TEST(Propagation, SparseAndDenseWaysEqualFullRunsOnLargeMaps) {
  for (std::uint64_t trial = 0; trial < 4; ++trial) {
    NetworkBuilder builder;
    const Window same{.kernel = 3, .pad = 1};
    NodeId x = builder.input({3, 18, 17});
    x = builder.conv_bias("a", x, 12, same, Activation::relu);
    const NodeId b = builder.conv_bias("b", x, 12, same, Activation::relu);
    const NodeId c = builder.conv_bias("c", b, 12, same, Activation::none);
    x = builder.add("sum", c, x, Activation::relu);
    x = builder.conv_bias("d", x, 12, same, Activation::relu, trial % 2 == 0 ? 1 : 12);
    x = builder.conv_bias("e", x, 16, {.kernel = 3, .stride = 2, .pad = 1}, Activation::relu);
    x = builder.global_average_pool("mean", x);
    builder.fully_connected("fc", x, 10);
    Rng rng = Rng::derive(11, trial);
    const IntegerNetwork network = random_integers(rng, std::move(builder).finish("large"), {8, 8});
    Counts counts;
    compare(network, KernelSet::best, rng, 40, 2, kSites, counts);
    EXPECT_GT(counts.masked, 0);
    EXPECT_LT(counts.masked, counts.faults);
  }
}

/// The executor of tests and accuracies knows nothing of faults.
TEST(Propagation, WeightFaultsEqualTheExecutorOfAChangedNetwork) {
  int changed = 0;
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    IntegerCase c(Rng::derive(6, trial), 1, {8, 8});
    Propagation propagation(c.plan);
    propagation.begin(c.golden);
    const auto upset = random_upset(c.rng, c.plan, Site::weights);
    ASSERT_TRUE(upset.has_value());
    IntegerNetwork faulty = c.network;
    IntegerCompute& compute = *faulty.nodes[upset->node].compute;
    std::int16_t& code = compute.codes[static_cast<std::size_t>(upset->element)];
    code = static_cast<std::int16_t>(disturbed(code, {8, true}, upset->effect, upset->bits));
    compute.low = -128;
    const auto executor = IntegerExecutor::make(faulty);
    ASSERT_TRUE(executor.has_value());
    EXPECT_EQ(propagation.run(std::span(&*upset, 1)).top1,
              executor->predict(c.pixels, 1, 1).front());
    const Verdict verdict = propagation.run(std::span(&*upset, 1));
    EXPECT_EQ(verdict.masked, executor->logits(c.pixels, 1, 1) == c.golden.workspace.logits);
    changed += verdict.masked ? 0 : 1;
  }
  EXPECT_GT(changed, 10);
}

TEST(Propagation, LeavesNothingBehind) {
  IntegerCase c(7);
  Propagation propagation(c.plan);
  propagation.begin(c.golden);
  std::vector<Upset> upsets;
  for (const Site site : kSites)
    for (int i = 0; i < 30; ++i)
      if (const auto upset = random_upset(c.rng, c.plan, site)) upsets.push_back(*upset);
  std::vector<Verdict> first;
  for (const Upset& upset : upsets) first.push_back(propagation.run(std::span(&upset, 1)));
  for (std::size_t i = upsets.size(); i-- > 0;)
    EXPECT_EQ(propagation.run(std::span(&upsets[i], 1)), first[i]) << i;
}

}  // namespace
}  // namespace hwflow::train::fault
