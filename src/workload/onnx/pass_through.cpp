#include <cmath>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {

void import_identity(const NodeImport& node) {
  if (node.op_type() == "Dropout") node.note("Dropout: identity at inference");
  node.set_alias(0, 0);
}

void import_lrn(const NodeImport& node) {
  add_unexecutable_function(node, "local response normalization, whose arithmetic is left out");
}

void import_quantizer(const NodeImport& node) {
  std::string what = "quantizer left out: widths come from the precision plan";
  if (node.op_type() == "Quant" && node.has_input(3)) {
    const Value& width = node.input(3);
    if (width.constant && width.constant->has_values && width.constant->size() == 1)
      what += ", not from its " + std::to_string(width.constant->integer(0)) + " bits";
  }
  node.note(what);
  node.graph().quantizers.push_back(node.name());
  node.set_alias(0, 0);
}

/// The tensor passes in float, so its scale is one and its zero point nothing.
void import_dynamic_quantizer(const NodeImport& node) {
  node.note("quantizer left out: widths come from the precision plan");
  node.set_alias(0, 0);
  if (node.output_count() > 1) node.set_constant(1, make_floats({}, {1.0F}));
  if (node.output_count() > 2) node.set_constant(2, make_integers({}, {0}));
}

/// Integers of the file as the numbers that they stand for; activations pass.
void import_dequantize(const NodeImport& node) {
  const ConstantPtr stored = node.input(0).constant;
  if (!stored || !stored->has_values || !stored->is_integer()) return node.set_alias(0, 0);
  const Constant& scales = node.constant_input(1);
  if (scales.size() == 0) throw Problem("has no scale");
  std::size_t inner = stored->size();  // elements that share a scale in turn
  if (scales.size() > 1) {
    const std::size_t axis =
        resolve_axis(node.attributes().integer("axis", 1), stored->dims.size());
    if (static_cast<std::int64_t>(scales.size()) != stored->dims[axis])
      throw Problem("has not one scale for every channel");
    inner = 1;
    for (std::size_t i = axis + 1; i < stored->dims.size(); ++i)
      inner *= static_cast<std::size_t>(stored->dims[i]);
  }
  const bool has_zero = node.has_input(2) && node.constant_input(2).size() == scales.size();
  std::vector<float> values(stored->size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i / inner % scales.size();
    const double zero = has_zero ? node.constant_input(2).number(channel) : 0.0;
    values[i] = static_cast<float>((stored->number(i) - zero) * scales.number(channel));
  }
  node.set_constant(0, make_floats(stored->dims, std::move(values)));
}

}  // namespace hwflow::onnx_import
