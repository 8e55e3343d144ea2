#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "train/fault/campaign.hpp"
#include "train/fault/fault.hpp"
#include "train/fault/scale_analysis.hpp"
#include "train/nn/dataset.hpp"
#include "train/quant/quantized_network.hpp"
#include "train/robust/attack_report.hpp"

namespace hwflow::cli {

/// What is measured of each network of a comparison.
struct ResilienceOptions {
  std::vector<train::fault::Site> sites{train::fault::Site::activations,
                                        train::fault::Site::weights};
  std::vector<double> bit_rates{1e-5, 1e-4, 1e-3};
  std::int64_t inferences = 10'000;  ///< under faults, of each site and rate
  double confidence = 0.95;
  std::int64_t scale_images = 500;  ///< that tell the spread of feature maps
  /// Of integer networks, on bytes; no eps: no attack.
  train::robust::AttackOptions attack{};
  std::int64_t attacked_images = 1000;
  std::uint64_t seed = 1;
  int threads = 1;
};

/// Inferences in which every bit of a site flips with a probability.
struct FaultyInferences {
  train::fault::Site site = train::fault::Site::activations;
  double bit_rate = 0.0;
  std::int64_t upsets = 0;  ///< of all inferences
  /// Of every image; those of two networks of the same shapes are under the same faults.
  std::vector<train::fault::Tally> images;
  [[nodiscard]] train::fault::Tally all() const;
};

/// A network without faults, under attack, and under faults: in integers, on the same images.
struct Resilience {
  std::string file, how;
  std::int64_t right = 0, total = 0;  ///< of the test images as they are
  std::optional<train::robust::AttackReport> attacked;
  std::vector<FaultyInferences> faulty;
  std::vector<train::fault::StoredScale> scales;
  std::vector<std::string> scale_names;  ///< parallel to scales: "layer1.0.conv1 weights"
};

/// Told what is at work ("bit rate 0.001, activations"), and how far it is.
using ResilienceProgress =
    std::function<void(const std::string& what, std::int64_t done, std::int64_t total)>;

/// The result does not depend on the number of threads; of no use when `stop` is asked for.
/// Errors  networks without an integer form; sites without words; options of the attack
[[nodiscard]] Expected<Resilience> measure_resilience(const train::QuantizedNetwork& network,
                                                      const train::ImageSet& images,
                                                      const ResilienceOptions& options,
                                                      const ResilienceProgress& progress,
                                                      const std::stop_token& stop);

}  // namespace hwflow::cli
