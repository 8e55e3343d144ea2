#pragma once

#include <cstdint>
#include <vector>

#include "train/fault/fault.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// Words of a plan that are alike, in memory during the inference of one image.
struct StoredWords {
  train::fault::Site site = train::fault::Site::weights;
  std::size_t node = 0;  ///< into Network::nodes(): of whose weights, or who writes the feature map
  int bits = 0;          ///< of a word
  std::int64_t words = 0;
  [[nodiscard]] std::int64_t stored_bits() const { return words * bits; }
  bool operator==(const StoredWords&) const = default;
};

/// Weights of every compute layer; and feature maps, the input image among them, once for each
/// width that readers want. Nodes that only move data store nothing; nor do logits count.
/// network  what the plan leaves of it
/// sites    weights, activations, or both
[[nodiscard]] std::vector<StoredWords> stored_words(const Network& network,
                                                    const CompressionPlan& plan, int auxiliary_bits,
                                                    const std::vector<train::fault::Site>& sites);

}  // namespace hwflow::study
