#include "study/stored_words.hpp"

#include <algorithm>
#include <set>

#include "base/check.hpp"
#include "study/hardware_model.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow::study {
namespace {

using train::fault::Site;

bool is_auxiliary(NodeKind kind) {
  return kind == NodeKind::add || kind == NodeKind::multiply || kind == NodeKind::average_pooling;
}

/// Of every node the widths of its copies, from the last reader to the first producer.
std::vector<std::set<int>> copy_widths(const Network& network, const CompressionPlan& plan,
                                       int auxiliary_bits) {
  std::vector<std::set<int>> wanted(network.nodes().size());
  std::size_t layer = plan.layers.size();
  for (std::size_t i = network.nodes().size(); i-- > 0;) {
    const Node& node = network.nodes()[i];
    std::set<int> reads = wanted[i];  // data that is moved has the widths of its readers
    if (is_compute(node.kind)) reads = {plan.layers[--layer].inputs};
    if (is_auxiliary(node.kind)) reads = {auxiliary_bits};
    if (node.kind == NodeKind::softmax) reads.clear();
    for (const NodeId input : node.inputs)
      wanted[static_cast<std::size_t>(input.value)].insert(reads.begin(), reads.end());
  }
  return wanted;
}

bool stores(NodeKind kind) {
  return kind == NodeKind::input || is_compute(kind) || is_auxiliary(kind);
}

}  // namespace

std::vector<StoredWords> stored_words(const Network& network, const CompressionPlan& plan,
                                      int auxiliary_bits, const std::vector<Site>& sites) {
  HWFLOW_CHECK(plan.layers.size() == network.compute_nodes().size(),
               "a plan has one pair for every compute node");
  std::vector<StoredWords> all;
  if (std::ranges::count(sites, Site::weights) > 0) {
    const std::vector<std::int64_t> weights = layer_weights(network);
    for (std::size_t i = 0; i < weights.size(); ++i)
      all.push_back({Site::weights, static_cast<std::size_t>(network.compute_nodes()[i].value),
                     plan.layers[i].weights, weights[i]});
  }
  if (std::ranges::count(sites, Site::activations) == 0) return all;
  const std::vector<std::set<int>> copies = copy_widths(network, plan, auxiliary_bits);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (!stores(network.nodes()[i].kind)) continue;
    for (const int bits : copies[i])
      all.push_back({Site::activations, i, bits, network.nodes()[i].shape.elements()});
  }
  return all;
}

}  // namespace hwflow::study
