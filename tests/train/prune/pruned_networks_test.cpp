#include "train/prune/pruned_networks.hpp"

#include <gtest/gtest.h>

#include "tests/train/prune/made_images.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/network_module.hpp"
#include "train/prune/shrink_weights.hpp"
#include "train/prune/weight_refit.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

const Normalization kNormalization{{0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};

struct Trained {
  Network network = make_builtin_network("resnet8").value();
  WeightMap weights;
  FoldedNetwork folded;
  Trained() : folded{network, {}} {
    NetworkModule module(network);
    initialise(module, 3);
    weights = weights_of(module);
    // Gains that tell channels apart: the last ones of every layer are the greatest.
    for (auto& [name, tensor] : weights) {
      if (!name.ends_with("batch_norm.weight")) continue;
      for (std::size_t k = 0; k < tensor.values.size(); ++k)
        tensor.values[k] = 0.5F + 0.01F * static_cast<float>(k);
    }
    folded = fold_batch_norm(network, weights);
  }
};

std::vector<std::int32_t> halves(const ChannelGroups& groups) {
  std::vector<std::int32_t> counts;
  for (const ChannelGroup& group : groups.groups())
    counts.push_back(static_cast<std::int32_t>(group.units.size() / 2));
  return counts;
}

TEST(PrunedNetworks, ChooseByTheNetworkWithItsNormsAndRemoveFromTheFoldedOne) {
  const Trained trained;
  const auto pruned = PrunedNetworks::make(trained.network, trained.weights, trained.folded,
                                           made_images(8, 3, 32, 10), kNormalization,
                                           {.criterion = Criterion::batch_norm, .refit = false})
                          .value();
  const std::vector<std::int32_t> counts = halves(pruned->groups());
  const PrunedNetwork half = pruned->of(counts);
  KeptUnits upper;  // of each group the upper half
  for (std::size_t g = 0; g < counts.size(); ++g) {
    std::vector<std::int32_t>& units = upper.groups.emplace_back();
    const auto size = static_cast<std::int32_t>(pruned->groups().groups()[g].units.size());
    for (std::int32_t u = size - counts[g]; u < size; ++u) units.push_back(u);
  }
  const ShrunkNetwork expected = shrink(trained.folded.network, pruned->groups(), upper).value();
  EXPECT_EQ(half.kept, upper);
  EXPECT_EQ(half.left.network, expected.network);
  EXPECT_EQ(half.left.weights,
            shrink_weights(trained.folded.network, expected, trained.folded.weights));
}

TEST(PrunedNetworks, RefitChangesTheWeightsThatAreLeft) {
  const Trained trained;
  const ImageSet images = made_images(16, 3, 32, 10);
  PruningOptions options{.criterion = Criterion::taylor, .refit = true, .images = 16, .seed = 7};
  const auto refitted = PrunedNetworks::make(trained.network, trained.weights, trained.folded,
                                             images, kNormalization, options)
                            .value();
  options.refit = false;
  const auto plain = PrunedNetworks::make(trained.network, trained.weights, trained.folded, images,
                                          kNormalization, options)
                         .value();
  EXPECT_EQ(refitted->scores(), plain->scores());
  const std::vector<std::int32_t> counts = halves(plain->groups());
  const FoldedNetwork a = refitted->of(counts).left, b = plain->of(counts).left;
  EXPECT_EQ(a.network, b.network);
  EXPECT_NE(a.weights, b.weights);
  EXPECT_EQ(a.weights, refitted->of(counts).left.weights);
}

TEST(PrunedNetworks, RefuseACriterionThatSaysNothing) {
  const Network network = make_builtin_network("lenet5").value();
  NetworkModule module(network);
  const auto refused = PrunedNetworks::make(
      network, weights_of(module), {network, weights_of(module)}, made_images(8, 1, 28, 10),
      {{0.5F}, {0.5F}}, {.criterion = Criterion::batch_norm});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().size(), 4U);
}

}  // namespace
}  // namespace hwflow::train
