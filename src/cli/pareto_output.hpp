#pragma once

#include <string>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/pareto_network.hpp"
#include "cli/mapping_output.hpp"

namespace hwflow::cli {

/// What was mapped, and which objectives and step were asked for.
struct ParetoTitle {
  MappingTitle mapping;
  std::string objective;  ///< as written
  double step = 0.0;
};

/// The points of every layer with their mappings, what is not proved, and the front of the network.
[[nodiscard]] std::string to_json(const chip::ParetoNetwork& network,
                                  const chip::Accelerator& accelerator, const ParetoTitle& title);

/// One row a point, layer by layer, and the front of the network in short.
void print_table(const chip::ParetoNetwork& network, const chip::Accelerator& accelerator,
                 const ParetoTitle& title);

}  // namespace hwflow::cli
