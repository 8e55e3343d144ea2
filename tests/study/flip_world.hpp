#pragma once

#include <atomic>
#include <cmath>
#include <functional>

#include "study/stored_words.hpp"
#include "train/fault/flip_campaign.hpp"

namespace hwflow::study {

/// A stand-in for fault injection: of the flips of words of so many bits a share fails that a
/// formula says, exactly, whatever the image; test images as search images.
class FakeFlips final : public train::fault::FlipCampaigns {
 public:
  using Share = std::function<double(const StoredWords&)>;
  explicit FakeFlips(Share share) : share_(std::move(share)) {}

  [[nodiscard]] std::optional<train::fault::FlipCampaign> run(
      const train::IntegerNetwork& network, const train::fault::FlipRequest& request,
      const train::fault::FlipProgress& progress, const std::stop_token& stop) override {
    if (before_run) before_run(++runs);
    if (stop.stop_requested()) return std::nullopt;
    train::fault::FlipCampaign campaign;
    const std::vector<StoredWords> all =
        stored_words(network.network, network.plan, 8, request.sites);
    double bits = 0.0, failing = 0.0;
    for (const StoredWords& words : all) {
      bits += static_cast<double>(words.stored_bits());
      failing += static_cast<double>(words.stored_bits()) * share_(words);
    }
    for (const StoredWords& words : all) {
      const double part =
          request.of_each_group ? 1.0 : static_cast<double>(words.stored_bits()) / bits;
      const double flips = std::round(part * static_cast<double>(request.flips));
      campaign.groups.push_back({words.site, network.network.nodes()[words.node].name, words.bits,
                                 words.words, static_cast<std::int64_t>(flips),
                                 static_cast<std::int64_t>(std::round(flips * share_(words)))});
    }
    if (!request.of_each_group) {
      campaign.low = 0.9 * failing / bits;
      campaign.high = 1.1 * failing / bits;
    }
    if (progress) progress(1, 1);
    return campaign;
  }

  int runs = 0;
  /// Called before every campaign with its number; may stop the run.
  std::function<void(int)> before_run = [](int) {};

 private:
  Share share_;
};

}  // namespace hwflow::study
