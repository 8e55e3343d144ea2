#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/documents.hpp"
#include "chip/arch/format.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A layer and how its file names dimensions and tensors.
struct LayerInput {
  Layer layer;
  std::vector<std::pair<std::string, Dim>> dims;
  std::vector<std::pair<std::string, Role>> tensors;
};

/// The layers of a file of another tool.
struct WorkloadInput {
  Format format = Format::timeloop;
  std::vector<LayerInput> layers;
  std::vector<std::string> notes;
  bool states_bits = false;  ///< widths are those of the file
};

/// What a layer's dimensions and tensors are called where nothing else is said: N K C P Q R S G
/// (M for K), Weights, Inputs, Outputs.
[[nodiscard]] LayerInput with_usual_names(const Layer& layer);

/// Is this a problem or workload of another tool, or mappings with one?
[[nodiscard]] bool holds_layers(const Documents& documents);
/// Reads a Timeloop problem or a ZigZag workload; `bits` where the file states no widths.
/// Errors  every problem at once; what a file says and hwflow cannot represent.
[[nodiscard]] Expected<WorkloadInput> read_layers(const Documents& documents,
                                                  const LayerBits& bits);

/// The layer as a problem (Timeloop) or workload (ZigZag).
[[nodiscard]] ForeignText write_layer(const Layer& layer, Format format);

}  // namespace hwflow::chip
