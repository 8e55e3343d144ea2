#include "chip/mapping/mapping_input.hpp"

#include "chip/mapping/timeloop_mapping.hpp"
#include "chip/mapping/zigzag_mapping.hpp"

namespace hwflow::chip {

Expected<MappingInput> read_mappings(const Documents& documents,
                                     const std::vector<LayerInput>& layers,
                                     const AcceleratorInput& machine) {
  const auto [mapping, origin] = documents.find("mapping");
  if (mapping != nullptr) {
    if (layers.size() == 1) return timeloop::read_mapping(documents, layers.front(), machine);
    return Unexpected{
        Diagnostics{{origin, "a Timeloop mapping is for one layer, the network has several",
                     "give the layer as a Timeloop problem"}}};
  }
  const Documents::Document& first = documents.all().front();
  if (zigzag::is_mapping(first.value)) return zigzag::read_mapping(documents, layers, machine);
  auto own = mappings_from_value(first.value, first.origin, machine.accelerator);
  if (!own) return Unexpected{std::move(own).error()};
  return MappingInput{machine.accelerator, std::move(*own), {}};
}

ForeignText write_mapping(const Mapping& mapping, const Layer& layer,
                          const Accelerator& accelerator, Format format) {
  if (format == Format::hwflow)
    return {mappings_to_yaml({{layer.name, mapping}}, accelerator), {}, {}};
  if (format == Format::zigzag) return zigzag::write_mapping(mapping, layer, accelerator);
  return timeloop::write_mapping(mapping, layer, accelerator);
}

}  // namespace hwflow::chip
