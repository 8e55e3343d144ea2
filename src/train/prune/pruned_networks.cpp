#include "train/prune/pruned_networks.hpp"

#include <utility>

#include "base/check.hpp"
#include "train/prune/shrink_weights.hpp"
#include "train/prune/taylor.hpp"
#include "train/prune/weight_refit.hpp"

namespace hwflow::train {
namespace {

constexpr std::int64_t kTaylorBatch = 64;

}  // namespace

Expected<std::unique_ptr<PrunedNetworks>> PrunedNetworks::make(
    const Network& network, const WeightMap& weights, WeightedNetwork whole, const ImageSet& images,
    const Normalization& normalization, const PruningOptions& options) {
  ChannelGroups groups(network);
  Expected<ChannelScores> scores =
      options.criterion == Criterion::taylor
          ? taylor_scores(network, weights, images, normalization, kTaylorBatch)
          : weight_scores(network, groups, weights, options.criterion);
  if (!scores) return Unexpected{std::move(scores).error()};
  UnitScores units = unit_scores(groups, *scores);
  std::unique_ptr<const WeightRefit> refit;
  if (options.refit) {
    refit = std::make_unique<const WeightRefit>(whole.network, whole.weights, images, normalization,
                                                RefitOptions{.seed = options.seed});
  }
  return std::unique_ptr<PrunedNetworks>(
      new PrunedNetworks(std::move(groups), std::move(units), std::move(whole), std::move(refit)));
}

PrunedNetworks::PrunedNetworks(ChannelGroups groups, UnitScores scores, WeightedNetwork whole,
                               std::unique_ptr<const WeightRefit> refit)
    : groups_(std::move(groups)),
      scores_(std::move(scores)),
      whole_(std::move(whole)),
      refit_(std::move(refit)) {}

PrunedNetwork PrunedNetworks::of(std::span<const std::int32_t> counts) const {
  KeptUnits kept = keep_best(scores_, counts);
  Expected<ShrunkNetwork> shrunk = shrink(whole_.network, groups_, kept);
  HWFLOW_CHECK(shrunk.has_value(), "the best units are units");
  WeightMap weights = shrink_weights(whole_.network, *shrunk, whole_.weights);
  if (refit_ != nullptr) weights = refit_->refitted(*shrunk, weights);
  return {{std::move(shrunk->network), std::move(weights)}, std::move(kept)};
}

}  // namespace hwflow::train
