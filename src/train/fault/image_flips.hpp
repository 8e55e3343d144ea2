#pragma once

#include "train/fault/flip_campaign.hpp"
#include "train/nn/dataset.hpp"

namespace hwflow::train::fault {

/// Flips single bits of networks in integers by Propagation.
///
/// Every inference has a flipped bit and an image of its own, so that each is an observation by
/// itself: bit j of a random order of the bits runs on image j, modulo the images; when all bits
/// were run once, on the one behind it, and so on.
class ImageFlips final : public FlipCampaigns {
 public:
  ImageFlips(ImageSet search, ImageSet test) : search_(std::move(search)), test_(std::move(test)) {}

  /// `network` can be executed in integers (integer::problems_of()) and has such sites.
  [[nodiscard]] std::optional<FlipCampaign> run(const IntegerNetwork& network,
                                                const FlipRequest& request,
                                                const FlipProgress& progress,
                                                const std::stop_token& stop) override;

 private:
  ImageSet search_, test_;
};

}  // namespace hwflow::train::fault
