#include "chip/mapping/layer_input.hpp"

#include "chip/arch/timeloop_architecture.hpp"
#include "chip/mapping/timeloop_problem.hpp"
#include "chip/mapping/zigzag_workload.hpp"

namespace hwflow::chip {

LayerInput with_usual_names(const Layer& layer) {
  LayerInput input{layer, {}, {}};
  for (const Dim dim : kDims) input.dims.emplace_back(timeloop::dimension_name(dim), dim);
  for (const Role role : kRoles)
    input.tensors.emplace_back(std::string(timeloop::data_space(role)), role);
  return input;
}

bool holds_layers(const Documents& documents) {
  return documents.find("problem").value != nullptr ||
         zigzag::is_workload(documents.all().front().value);
}

Expected<WorkloadInput> read_layers(const Documents& documents, const LayerBits& bits) {
  if (documents.find("problem").value == nullptr) return zigzag::read_workload(documents);
  return timeloop::read_problem(documents, bits);
}

ForeignText write_layer(const Layer& layer, Format format) {
  if (format == Format::zigzag) return zigzag::write_layer(layer);
  return timeloop::write_problem(layer, format);
}

}  // namespace hwflow::chip
