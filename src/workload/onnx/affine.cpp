#include "workload/onnx/affine.hpp"

#include <algorithm>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/layer_weights.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

/// Whether a constant varies along the channels of a tensor at most.
bool is_per_channel(const Dims& constant, const Dims& tensor) {
  if (constant.size() > tensor.size()) return false;
  const Dims full = aligned(constant, tensor.size());
  for (std::size_t axis = 0; axis < full.size(); ++axis) {
    const bool is_channel = axis == 1 && full[axis] == tensor[axis];
    if (full[axis] != 1 && !is_channel) return false;
  }
  return true;
}

/// A constant added to what a layer without bias, BatchNorm and activation gives is its bias.
bool add_as_bias(const NodeImport& node, std::size_t tensor, const Constant& constant) {
  const Value value = node.input(tensor);
  if (!value.node || !value.is_exclusive) return false;
  Node& producer = node.graph().node(*value.node);
  if (!is_compute(producer.kind) || producer.kind == NodeKind::matrix_product) return false;
  if (producer.has_bias || producer.has_batch_norm || producer.activation != Activation::none)
    return false;
  producer.has_bias = true;
  store_bias(node, *value.node, constant, producer.conv.out_channels);
  node.set_output(0, value.dims, *value.node);
  return true;
}

std::vector<float> per_channel(const Constant& constant, std::int64_t channels) {
  if (!constant.has_values) return {};
  std::vector<float> values = constant.floats();
  if (values.size() == 1) values.assign(static_cast<std::size_t>(channels), values[0]);
  return values;
}

bool is_identity(char operation, const Constant& constant) {
  if (!constant.has_values) return false;
  const double neutral = operation == '*' || operation == '/' ? 1.0 : 0.0;
  for (std::size_t i = 0; i < constant.size(); ++i)
    if (constant.number(i) != neutral) return false;
  return true;
}

/// `tensor operation constant`, or `constant operation tensor` where `is_left`.
Affine affine_of(char operation, const Constant& constant, bool is_left, std::int64_t channels) {
  const std::vector<float> values = per_channel(constant, channels);
  Affine affine;
  affine.has_shift = operation == '+' || operation == '-';
  if (values.empty()) return affine;
  affine.factors.assign(values.size(), operation == '-' && is_left ? -1.0F : 1.0F);
  if (operation == '*') affine.factors = values;
  if (operation == '/')
    std::ranges::transform(values, affine.factors.begin(), [](float x) { return 1.0F / x; });
  if (operation == '+' || (operation == '-' && is_left)) affine.shifts = values;
  if (operation == '-' && !is_left) {
    affine.shifts.resize(values.size());
    std::ranges::transform(values, affine.shifts.begin(), [](float x) { return -x; });
  }
  return affine;
}

/// Scales the weights of the layer that gives the tensor, when nothing lies between and nobody else
/// reads it. Values that are not in the file leave the layer without weights.
bool fold_into_producer(const NodeImport& node, std::size_t tensor, const Affine& affine) {
  const Value value = node.input(tensor);
  if (!value.node || !value.is_exclusive) return false;
  Node& layer = node.graph().node(*value.node);
  if (!is_compute(layer.kind) || layer.kind == NodeKind::matrix_product || layer.has_batch_norm ||
      layer.activation != Activation::none || layer.conv.out_channels != value.dims[1])
    return false;
  WeightMap& weights = node.graph().weights;
  const auto weight = weights.find(layer.name + ".weight");
  const auto bias = weights.find(layer.name + ".bias");
  const bool has_values = weight != weights.end() && !affine.factors.empty() &&
                          (!affine.has_shift || !affine.shifts.empty()) &&
                          (!layer.has_bias || bias != weights.end());
  if (has_values) {
    std::vector<float> shifts = affine.shifts;
    shifts.resize(affine.factors.size(), 0.0F);
    if (layer.has_bias)
      for (std::size_t k = 0; k < shifts.size(); ++k)
        shifts[k] += bias->second.values[k] * affine.factors[k];
    scale_output_channels(layer, weight->second, affine.factors);
    if (layer.has_bias || affine.has_shift)
      weights[layer.name + ".bias"] = {{value.dims[1]}, std::move(shifts)};
  } else if (weight != weights.end()) {
    weights.erase(weight);
  }
  layer.has_bias = layer.has_bias || affine.has_shift;
  node.set_output(0, value.dims, *value.node);
  return true;
}

}  // namespace

Dims aligned(const Dims& dims, std::size_t rank) {
  Dims result(rank - dims.size(), 1);
  result.insert(result.end(), dims.begin(), dims.end());
  return result;
}

void add_affine(const NodeImport& node, std::size_t tensor, const Affine& affine) {
  const Value value = node.input(tensor);
  const Dims& dims = value.dims;
  const std::int64_t channels = dims.size() > 1 ? dims[1] : 1;
  const FeatureShape shape{channels, node.graph().feature_shape(dims).elements() / channels, 1};
  const FeatureShape own = node.graph().feature_shape(dims);
  Node layer = node.new_node(NodeKind::convolution,
                             {node.input_node(tensor, own.channels == channels ? own : shape)});
  layer.conv.groups = layer.conv.out_channels = channels;
  layer.has_bias = affine.has_shift;
  const NodeId id = node.graph().add(std::move(layer));
  node.note("scale and shift by constants, kept as a depthwise 1x1 convolution");
  if (!affine.factors.empty())
    store_weight(node, id, *make_floats({channels}, affine.factors), {channels, 1, 1, 1});
  if (!affine.shifts.empty())
    store_bias(node, id, *make_floats({channels}, affine.shifts), channels);
  node.set_output(0, dims, id);
}

bool import_with_constant(const NodeImport& node, char operation, std::size_t tensor,
                          const Constant& constant) {
  const Dims dims = node.input(tensor).dims;
  const bool is_left = tensor == 1;  // the constant is
  if (dims.size() < 2 || !is_per_channel(constant.dims, dims)) return false;
  if (operation == '/' && is_left) return false;
  const bool is_neutral = is_identity(operation, constant) && !(operation == '-' && is_left);
  if (is_neutral) {
    node.note("identity: the constant changes nothing");
    node.set_alias(0, tensor);
    return true;
  }
  if (operation == '+' && add_as_bias(node, tensor, constant)) return true;
  const Affine affine = affine_of(operation, constant, is_left, dims[1]);
  if (!fold_into_producer(node, tensor, affine)) add_affine(node, tensor, affine);
  return true;
}

}  // namespace hwflow::onnx_import
