#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "train/fault/fault.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train::fault {

/// Stored words that are alike: of one site and node, of one width.
struct FlipGroup {
  Site site = Site::weights;
  std::string node;
  int bits = 0;                 ///< of a word
  std::int64_t words = 0;       ///< of all copies of that width
  std::int64_t inferences = 0;  ///< with one flipped bit of these words
  std::int64_t failures = 0;    ///< of these inferences: another class, or a crash
  [[nodiscard]] std::int64_t stored_bits() const { return words * bits; }
  bool operator==(const FlipGroup&) const = default;
};

/// The set that a campaign takes its images from.
enum class FlipImages : std::uint8_t {
  search,  ///< those that a search measures on
  test     ///< those that nothing is chosen by
};

struct FlipRequest {
  std::vector<Site> sites{Site::weights};
  /// Inferences with one flipped bit each: of every group, else of all stored bits alike. No pair
  /// of a bit and an image comes up twice; 0, or no fewer than there are: every pair.
  std::int64_t flips = 0;
  bool of_each_group = true;
  FlipImages set = FlipImages::search;
  std::int64_t images = 0;  ///< spread over the set, they take turns; 0, or no fewer: all
  std::uint64_t seed = 1;
  int threads = 1;  ///< changes no result
};

struct FlipCampaign {
  std::vector<FlipGroup> groups;  ///< by site, then in the order of the nodes, then by bits
  /// 95 % of the share of failures among all stored bits alike, as Wilson has it, each inference an
  /// observation; of every pair the share itself. Where bits were drawn of each group, 0 to 1.
  double low = 0.0, high = 1.0;
  bool operator==(const FlipCampaign&) const = default;
};

/// Called after each image with the inferences done and all; one call at a time.
using FlipProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// What a search needs of fault injection; torch-free, so that it is tested with a fake.
class FlipCampaigns {
 public:
  virtual ~FlipCampaigns() = default;
  /// Depends on network, request and images alone. None: stopped.
  [[nodiscard]] virtual std::optional<FlipCampaign> run(const IntegerNetwork& network,
                                                        const FlipRequest& request,
                                                        const FlipProgress& progress,
                                                        const std::stop_token& stop) = 0;
};

}  // namespace hwflow::train::fault
