#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "train/nn/weighted_network.hpp"
#include "train/prune/criteria.hpp"
#include "train/prune/weight_refit.hpp"

namespace hwflow::train {

/// How channels are chosen, and what is done to those that are left.
struct PruningOptions {
  Criterion criterion = Criterion::l1;
  bool refit = true;          ///< weights by least squares (WeightRefit); else as they were
  std::int64_t images = 256;  ///< of the training split, for taylor and for the refit
  std::uint64_t seed = 1;     ///< of these images and of the refit's pixels
  bool operator==(const PruningOptions&) const = default;
};

/// What is left of a network.
struct PrunedNetwork {
  WeightedNetwork left;
  KeptUnits kept;
};

/// A trained network without channels, by how many are to stay. Thread-safe; each is made anew, and
/// is the same whoever asks.
class PrunedNetworks {
 public:
  /// network, weights   as trained, BatchNorm and all: channels are judged by these
  /// whole              what channels are removed from: the same, or the same without BatchNorm
  /// images             as PruningOptions::images says
  /// Errors  a criterion that the network cannot be judged by, by layer.
  [[nodiscard]] static Expected<std::unique_ptr<PrunedNetworks>> make(
      const Network& network, const WeightMap& weights, WeightedNetwork whole,
      const ImageSet& images, const Normalization& normalization, const PruningOptions& options);

  [[nodiscard]] const ChannelGroups& groups() const noexcept { return groups_; }
  /// Of each unit, as unit_scores().
  [[nodiscard]] const UnitScores& scores() const noexcept { return scores_; }
  /// counts  of every group, as CompressionPlan::channels
  [[nodiscard]] PrunedNetwork of(std::span<const std::int32_t> counts) const;

 private:
  PrunedNetworks(ChannelGroups groups, UnitScores scores, WeightedNetwork whole,
                 std::unique_ptr<const WeightRefit> refit);

  ChannelGroups groups_;
  UnitScores scores_;
  WeightedNetwork whole_;
  std::unique_ptr<const WeightRefit> refit_;  // null: weights stay as they were
};

}  // namespace hwflow::train
