#include "workload/layer.hpp"

#include <fmt/format.h>

#include <iterator>

namespace hwflow {
namespace {

void append(std::string& key, const Rank& rank) {
  fmt::format_to(std::back_inserter(key), "[{}/{}", rank.offset, rank.extent);
  for (const AffineTerm& term : rank.terms)
    fmt::format_to(std::back_inserter(key), "+{}{}", term.coefficient, name(term.dim));
  key += ']';
}

}  // namespace

std::string shape_key(const Layer& layer) {
  std::string key = fmt::format("a{}", static_cast<int>(layer.op.arithmetic()));
  for (const Dim dim : kDims)
    fmt::format_to(std::back_inserter(key), " {}{}", name(dim), layer.op.bound(dim));
  for (const Operand& operand : layer.op.operands()) {
    fmt::format_to(std::back_inserter(key), " {}", name(operand.role));
    for (const Rank& rank : operand.ranks) append(key, rank);
  }
  fmt::format_to(std::back_inserter(key), " bits w{} i{} o{} p{}", layer.bits.weights,
                 layer.bits.inputs, layer.bits.outputs, layer.bits.partial_sums);
  return key;
}

}  // namespace hwflow
