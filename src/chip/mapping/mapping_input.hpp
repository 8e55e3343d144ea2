#pragma once

#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator_input.hpp"
#include "chip/mapping/layer_input.hpp"
#include "chip/mapping/mapping_file.hpp"

namespace hwflow::chip {

/// Mappings and the machine that they are for: what a level keeps is said by the mappings of other
/// tools, so it may differ from the machine that was asked for.
struct MappingInput {
  Accelerator accelerator;
  std::vector<LayerMapping> mappings;
  std::vector<std::string> notes;
};

/// Mappings of the given layers: our own files, a Timeloop or a ZigZag mapping, recognised by
/// their content.
/// Errors  every problem at once; what a file says and hwflow cannot represent.
[[nodiscard]] Expected<MappingInput> read_mappings(const Documents& documents,
                                                   const std::vector<LayerInput>& layers,
                                                   const AcceleratorInput& machine);

/// The mapping in another format (Format::hwflow: mappings_to_yaml()).
/// Requires  check() finds nothing wrong with it.
[[nodiscard]] ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                                        const Accelerator& accelerator, Format format);

}  // namespace hwflow::chip
