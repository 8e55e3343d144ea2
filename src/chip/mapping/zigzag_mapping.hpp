#pragma once

#include "chip/mapping/mapping_input.hpp"

namespace hwflow::chip::zigzag {

/// Is this document a list of mappings?
[[nodiscard]] bool is_mapping(const schema::Value& document);

/// Parts of meshes by array dimension: those of the machine's file, or D1 D2, D3 D4 of the meshes
/// of one of ours.
[[nodiscard]] std::vector<MeshName> meshes_of(const Accelerator& accelerator,
                                              std::vector<MeshName> named);

/// Mappings with spatial_mapping and temporal_ordering; the entry of a layer is the one of its
/// name, else `default`. Loops go to memories by allocate_loops(): a memory whose tensors get
/// different boundaries becomes several levels.
[[nodiscard]] Expected<MappingInput> read_mapping(const Documents& documents,
                                                  const std::vector<LayerInput>& layers,
                                                  const AcceleratorInput& machine);
[[nodiscard]] ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                                        const Accelerator& accelerator);

}  // namespace hwflow::chip::zigzag
