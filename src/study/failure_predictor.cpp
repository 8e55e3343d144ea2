#include "study/failure_predictor.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "base/check.hpp"
#include "base/enum_names.hpp"

namespace hwflow::study {
namespace {

using train::fault::FlipCampaign;
using train::fault::FlipGroup;
using train::fault::Site;

/// Logarithm of the probability that no bit of `bits` does harm.
double log_survival(double share, std::int64_t bits, double bit_rate) {
  return static_cast<double>(bits) * std::log1p(-bit_rate * share);
}

double share_of_all(std::int64_t failures, std::int64_t inferences) {
  return (static_cast<double>(failures) + 0.5) / (static_cast<double>(inferences) + 1.0);
}

}  // namespace

double expected_failures(double share, std::int64_t bits, double bit_rate) {
  return -std::expm1(log_survival(share, bits, bit_rate));
}

FailurePredictor::FailurePredictor(const Network& network, int auxiliary_bits,
                                   const ResilienceOptions& options,
                                   std::span<const FlipCampaign> campaigns)
    : options_(options), auxiliary_bits_(auxiliary_bits) {
  for (const FlipCampaign& campaign : campaigns) {
    for (const FlipGroup& group : campaign.groups) {
      const std::optional<NodeId> node = network.find(group.node);
      HWFLOW_CHECK(node.has_value(), "the network in integers has a node of its own");
      Cell& cell = cells_[{group.site, static_cast<std::size_t>(node->value), group.bits}];
      cell.inferences += group.inferences;
      cell.failures += group.failures;
    }
  }
  shrink();
}

void FailurePredictor::shrink() {
  std::map<std::pair<Site, int>, Cell> pools;
  for (const auto& [key, cell] : cells_) {
    Cell& pool = pools[{std::get<Site>(key), std::get<int>(key)}];
    pool.inferences += cell.inferences;
    pool.failures += cell.failures;
  }
  for (auto& [key, cell] : cells_) {
    const auto failures = static_cast<double>(cell.failures);
    const auto inferences = static_cast<double>(cell.inferences);
    if (options_.flips == 0) {
      cell.share = failures / inferences;
      continue;
    }
    const Cell& pool = pools[{std::get<Site>(key), std::get<int>(key)}];
    cell.share = (failures + share_of_all(pool.failures, pool.inferences)) / (inferences + 1.0);
    // Of a beta distribution with so many observations, the one taken for known among them.
    cell.variance = cell.share * (1.0 - cell.share) / (inferences + 2.0);
  }
}

FailurePredictor::Rate FailurePredictor::rate(const Network& network,
                                              const CompressionPlan& plan) const {
  double survival = 0.0, variance = 0.0;
  Rate rate;
  for (const StoredWords& words : stored_words(network, plan, auxiliary_bits_, options_.sites)) {
    const auto cell = cells_.find({words.site, words.node, words.bits});
    HWFLOW_CHECK(cell != cells_.end(), "no campaign flipped such words");
    const std::int64_t bits = words.stored_bits();
    survival += log_survival(cell->second.share, bits, options_.bit_rate);
    variance += cell->second.variance * std::pow(static_cast<double>(bits), 2);
    rate.stored_bits += bits;
  }
  rate.failures = -std::expm1(survival);
  rate.standard_error = std::exp(survival) * options_.bit_rate * std::sqrt(variance);
  return rate;
}

std::vector<FlipRisk> FailurePredictor::risks(const Network& network) const {
  std::vector<FlipRisk> risks;
  for (const auto& [key, cell] : cells_) {
    const auto& [site, node, bits] = key;
    risks.push_back({std::string(enum_name(site)), network.nodes()[node].name, bits,
                     cell.inferences, cell.failures, cell.share, std::sqrt(cell.variance)});
  }
  return risks;
}

}  // namespace hwflow::study
