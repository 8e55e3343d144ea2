#include "study/plan_space.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

std::vector<int> ascending(const std::vector<int>& widths) {
  const std::set<int> distinct(widths.begin(), widths.end());
  return {distinct.begin(), distinct.end()};
}

int position_of(const std::vector<int>& widths, int width) {
  const auto place = std::find(widths.begin(), widths.end(), width);
  HWFLOW_CHECK(place != widths.end(), "width is not an allowed one");
  return static_cast<int>(std::distance(widths.begin(), place));
}

}  // namespace

std::optional<std::size_t> find_compute_layer(const Network& network, std::string_view layer) {
  const std::vector<NodeId>& nodes = network.compute_nodes();
  if (nodes.empty()) return std::nullopt;
  // A node may bear one of these names itself; then the name means the node.
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (network.node(nodes[i]).name == layer) return i;
  }
  if (layer == "first") return 0;
  if (layer == "last") return nodes.size() - 1;
  return std::nullopt;
}

PlanSpace::PlanSpace(const SearchOptions& options, const Network& network)
    : weight_bits_(ascending(options.weight_bits)), input_bits_(ascending(options.input_bits)) {
  HWFLOW_CHECK(!weight_bits_.empty() && !input_bits_.empty(), "no allowed widths");
  const std::size_t layers = network.compute_nodes().size();
  pinned_ = PrecisionPlan::uniform(layers, weight_bits_.back(), input_bits_.back());
  std::set<std::size_t> fixed;
  for (const PinnedLayer& pin : options.pinned) {
    const std::optional<std::size_t> layer = find_compute_layer(network, pin.layer);
    HWFLOW_CHECK(layer.has_value(), "pinned layer does not exist");
    pinned_.layers[*layer] = {pin.weights, pin.inputs};
    fixed.insert(*layer);
  }
  for (std::size_t i = 0; i < layers; ++i) {
    if (fixed.contains(i)) continue;
    free_layers_.push_back(i);
    genomes_.largest.push_back(static_cast<int>(weight_bits_.size()) - 1);
    genomes_.largest.push_back(static_cast<int>(input_bits_.size()) - 1);
  }
}

PrecisionPlan PlanSpace::decode(const pareto::Genome& genome) const {
  HWFLOW_CHECK(genome.size() == genomes_.largest.size(), "genome of another length");
  PrecisionPlan plan = pinned_;
  for (std::size_t i = 0; i < free_layers_.size(); ++i) {
    plan.layers[free_layers_[i]] = {weight_bits_[static_cast<std::size_t>(genome[2 * i])],
                                    input_bits_[static_cast<std::size_t>(genome[2 * i + 1])]};
  }
  return plan;
}

pareto::Genome PlanSpace::encode(const PrecisionPlan& plan) const {
  HWFLOW_CHECK(plan.layers.size() == pinned_.layers.size(), "plan of another network");
  pareto::Genome genome;
  for (const std::size_t layer : free_layers_) {
    genome.push_back(position_of(weight_bits_, plan.layers[layer].weights));
    genome.push_back(position_of(input_bits_, plan.layers[layer].inputs));
  }
  return genome;
}

pareto::Genome PlanSpace::uniform(const WidthPair& widths) const {
  pareto::Genome genome;
  for (std::size_t i = 0; i < free_layers_.size(); ++i) {
    genome.push_back(position_of(weight_bits_, widths.weights));
    genome.push_back(position_of(input_bits_, widths.inputs));
  }
  return genome;
}

std::vector<WidthPair> PlanSpace::width_pairs() const {
  std::vector<WidthPair> pairs;
  for (auto weights = weight_bits_.rbegin(); weights != weight_bits_.rend(); ++weights) {
    for (auto inputs = input_bits_.rbegin(); inputs != input_bits_.rend(); ++inputs) {
      pairs.push_back({*weights, *inputs});
    }
  }
  return pairs;
}

}  // namespace hwflow::study
