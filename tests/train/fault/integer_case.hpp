#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/fault/campaign.hpp"
#include "train/fault/golden.hpp"

namespace hwflow::train::fault {

/// A random network with images and labels, compiled, and the golden run of the first image.
struct IntegerCase {
  explicit IntegerCase(std::uint64_t seed, std::int64_t images = 1,
                       RandomNetworkOptions options = {8, 8})
      : IntegerCase(Rng(seed), images, options) {}
  IntegerCase(Rng stream, std::int64_t images, RandomNetworkOptions options)
      : rng(stream),
        network(random_integer_network(rng, options)),
        plan(integer::compile(network, KernelSet::best).value()),
        pixels(random_images(rng, network, images)),
        golden(make_golden(plan)) {
    for (std::int64_t i = 0; i < images; ++i)
      labels.push_back(static_cast<std::uint8_t>(rng.below(2)));
    run_golden(plan, pixels.data(), golden);
  }
  [[nodiscard]] Workload workload() const { return {pixels, labels}; }

  Rng rng;
  IntegerNetwork network;
  integer::Plan plan;
  std::vector<std::uint8_t> pixels, labels;
  Golden golden;
};

/// All that a campaign ran, fault by fault.
struct CollectedCampaign {
  FaultList faults;
  std::vector<Outcome> outcomes;
  CampaignResult result;
};
inline CollectedCampaign collect(const IntegerCase& c, const FaultSpace& space,
                                 const CampaignOptions& options, CampaignHooks hooks = {}) {
  CollectedCampaign all;
  hooks.on_round = [&, own = hooks.on_round](const FaultList& faults,
                                             const std::vector<Outcome>& outcomes,
                                             const CampaignResult& so_far) {
    for (std::size_t f = 0; f < faults.size(); ++f) all.faults.add(faults[f]);
    all.outcomes.insert(all.outcomes.end(), outcomes.begin(), outcomes.end());
    if (own) own(faults, outcomes, so_far);
  };
  all.result = run_campaign(c.plan, space, c.workload(), options, hooks);
  return all;
}

}  // namespace hwflow::train::fault
