#include "train/export/parameter_writer.hpp"

#include <fmt/format.h>

namespace hwflow::train {

std::string IntegerParameters::input(std::size_t index, std::size_t edge,
                                     const std::string& tensor) {
  const IntegerNode& integers = network_.nodes[index];
  if (integers.inputs.empty()) return tensor;
  const QuantizerGrid& grid = integers.inputs[edge];
  const std::string key =
      fmt::format("{} {} {} {} {}", tensor, grid.scale, grid.low, grid.high, grid.bits);
  const auto known = quantized_.find(key);
  if (known != quantized_.end()) return known->second;
  const std::string place = fmt::format("{}.input{}", network_.network.nodes()[index].name, edge);
  return quantized_[key] = quantizers_.activation(tensor, grid, place);
}

std::vector<std::string> IntegerParameters::parameters(std::size_t index, std::size_t axis) {
  const IntegerNode& integers = network_.nodes[index];
  if (!integers.compute) return {};
  const std::string& name = network_.network.nodes()[index].name;
  std::string weights = quantizers_.weights(*integers.compute, axis, name);
  return {std::move(weights), quantizers_.bias(*integers.compute, integers.inputs[0].scale, name)};
}

std::string FloatParameters::input(std::size_t /*index*/, std::size_t /*edge*/,
                                   const std::string& tensor) {
  return tensor;
}

std::vector<std::string> FloatParameters::parameters(std::size_t index, std::size_t /*axis*/) {
  std::vector<std::string> tensors;
  for (const char* part : {".weight", ".bias"}) {
    const std::string name = network_.nodes()[index].name + part;
    const auto found = weights_.find(name);
    if (found == weights_.end()) break;
    tensors.push_back(graph_.floats(name, found->second.shape, found->second.values));
  }
  return tensors;
}

}  // namespace hwflow::train
