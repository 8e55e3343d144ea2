#include <algorithm>
#include <set>
#include <utility>

#include "base/check.hpp"
#include "workload/network.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow {
namespace {

constexpr int kMaxOutputBits = 64;

bool is_auxiliary(NodeKind kind) {
  return kind == NodeKind::add || kind == NodeKind::multiply || kind == NodeKind::average_pooling;
}

/// Works out the copies of every activation tensor, from the last reader to the first producer.
class CopyWidths {
 public:
  CopyWidths(const Network& network, const CompressionPlan& plan, const LoweringOptions& options)
      : network_(network), plan_(plan), options_(options), wanted_(network.nodes().size()) {
    for (std::size_t i = network.nodes().size(); i-- > 0;) {
      const bool is_output = network.is_output({static_cast<std::int32_t>(i)});
      if (is_output || wanted_[i].empty()) wanted_[i].insert(options.network_output_bits);
      for (const NodeId input : network.nodes()[i].inputs) {
        const std::set<int> widths = wanted_by({static_cast<std::int32_t>(i)});
        wanted_[static_cast<std::size_t>(input.value)].insert(widths.begin(), widths.end());
      }
    }
  }

  /// Sum of the widths of the copies that a node stores.
  [[nodiscard]] int stored_bits(NodeId id) const {
    int sum = 0;
    for (const int width : wanted_[static_cast<std::size_t>(id.value)]) sum += width;
    return std::min(sum, kMaxOutputBits);
  }

  [[nodiscard]] PrecisionPair widths_of_compute_node(NodeId id) const {
    const auto& nodes = network_.compute_nodes();
    const auto position = std::ranges::lower_bound(nodes, id) - nodes.begin();
    PrecisionPair pair = plan_.layers[static_cast<std::size_t>(position)];
    if (pair.weights == kFloatBits) pair.weights = options_.float_bits;
    if (pair.inputs == kFloatBits) pair.inputs = options_.float_bits;
    return pair;
  }

 private:
  /// Widths at which a node reads each of its inputs: one, or those of its readers.
  [[nodiscard]] std::set<int> wanted_by(NodeId id) const {
    const NodeKind kind = network_.node(id).kind;
    if (is_compute(kind)) return {widths_of_compute_node(id).inputs};
    if (is_auxiliary(kind)) return {options_.auxiliary_bits};
    if (kind == NodeKind::softmax) return {options_.network_output_bits};
    return wanted_[static_cast<std::size_t>(id.value)];
  }

  const Network& network_;
  const CompressionPlan& plan_;
  const LoweringOptions& options_;
  std::vector<std::set<int>> wanted_;  ///< per node, the distinct widths that its readers want
};

LayerBits bits_of_node(const Network& network, NodeId id, const CopyWidths& copies,
                       const LoweringOptions& options) {
  LayerBits bits;
  bits.outputs = copies.stored_bits(id);
  bits.partial_sums = options.partial_sum_bits;
  bits.weights = bits.inputs = options.auxiliary_bits;
  const NodeKind kind = network.node(id).kind;
  if (is_compute(kind)) {
    const PrecisionPair pair = copies.widths_of_compute_node(id);
    bits.weights = pair.weights;
    bits.inputs = pair.inputs;
  } else if (kind == NodeKind::max_pooling) {
    bits.weights = bits.inputs = bits.partial_sums = bits.outputs;  // the copies pass through it
  }
  return bits;
}

}  // namespace

std::vector<LoweredLayer> lower(const Network& network, const CompressionPlan& plan,
                                const LoweringOptions& options) {
  HWFLOW_CHECK(plan.layers.size() == network.compute_nodes().size(),
               "a plan has one pair for every compute node");
  const CopyWidths copies(network, plan, options);
  std::vector<LoweredLayer> layers;
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const NodeId id{static_cast<std::int32_t>(i)};
    const Node& node = network.node(id);
    if (!is_compute(node.kind) && !options.include_auxiliary) continue;
    auto op = network.operator_of(id, options.batch);
    if (!op) continue;
    layers.push_back({id, {node.name, std::move(*op), bits_of_node(network, id, copies, options)}});
  }
  return layers;
}

}  // namespace hwflow
