#include "chip/mapping/layer_network.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hwflow::chip {
namespace {

std::int64_t coefficient_of(const Operator& op, Dim dim) {
  for (const Operand& operand : op.operands()) {
    if (operand.role != Role::inputs) continue;
    for (const Rank& rank : operand.ranks)
      for (const AffineTerm& term : rank.terms)
        if (term.dim == dim) return term.coefficient;
  }
  return 1;
}

ConvShape shape_of(const Operator& op) {
  ConvShape shape;
  shape.n = op.bound(Dim::n);
  shape.groups = op.bound(Dim::g);
  shape.in_channels = op.bound(Dim::c) * shape.groups;
  shape.out_channels = op.bound(Dim::k) * shape.groups;
  shape.kernel_height = op.bound(Dim::r);
  shape.kernel_width = op.bound(Dim::s);
  shape.stride_height = coefficient_of(op, Dim::p);
  shape.stride_width = coefficient_of(op, Dim::q);
  shape.dilation_height = coefficient_of(op, Dim::r);
  shape.dilation_width = coefficient_of(op, Dim::s);
  shape.in_height = shape.stride_height * (op.bound(Dim::p) - 1) +
                    shape.dilation_height * (shape.kernel_height - 1) + 1;
  shape.in_width = shape.stride_width * (op.bound(Dim::q) - 1) +
                   shape.dilation_width * (shape.kernel_width - 1) + 1;
  return shape;
}

/// Equal but for the order of ranks and terms, and for dimensions of one value.
bool are_alike(const Operator& a, const Operator& b) {
  if (a.bounds() != b.bounds() || a.operands().size() != b.operands().size()) return false;
  const auto ranks_of = [](const Operator& op, const Operand& operand) {
    std::vector<std::vector<std::pair<Dim, std::int64_t>>> ranks;
    for (const Rank& rank : operand.ranks) {
      std::vector<std::pair<Dim, std::int64_t>> terms;
      for (const AffineTerm& term : rank.terms)
        if (op.bound(term.dim) > 1) terms.emplace_back(term.dim, term.coefficient);
      std::sort(terms.begin(), terms.end());
      if (!terms.empty()) ranks.push_back(std::move(terms));
    }
    std::sort(ranks.begin(), ranks.end());
    return ranks;
  };
  for (const Operand& left : a.operands()) {
    const auto right = std::find_if(b.operands().begin(), b.operands().end(),
                                    [&](const Operand& each) { return each.role == left.role; });
    if (right == b.operands().end() || ranks_of(a, left) != ranks_of(b, *right)) return false;
  }
  return true;
}

}  // namespace

Expected<Network> network_of(const Layer& layer) {
  const ConvShape shape = shape_of(layer.op);
  const auto convolution = make_convolution(shape);
  if (!convolution || !are_alike(*convolution, layer.op))
    return Unexpected{Diagnostics{{fmt::format("layer {}", layer.name),
                                   "is no convolution: network files have no such layer",
                                   "evaluate it from its own file"}}};
  Node input;
  input.name = "input";
  input.shape = {shape.in_channels, shape.in_height, shape.in_width};
  Node node;
  node.name = layer.name;
  node.kind = NodeKind::convolution;
  node.inputs = {NodeId{0}};
  node.conv = shape;
  node.conv.n = 1;
  return Network::make(layer.name, {input, node});
}

}  // namespace hwflow::chip
