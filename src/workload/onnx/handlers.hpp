#pragma once

#include <string>
#include <string_view>

#include "workload/onnx/graph_import.hpp"

/// One function per operator type (or family); the table is in handlers.cpp.
namespace hwflow::onnx_import {

// convolution.cpp
void import_conv(const NodeImport& node);
void import_conv_transpose(const NodeImport& node);

// pooling.cpp
void import_max_pool(const NodeImport& node);
void import_average_pool(const NodeImport& node);
void import_lp_pool(const NodeImport& node);
void import_global_average_pool(const NodeImport& node);
void import_global_lp_pool(const NodeImport& node);
void import_global_max_pool(const NodeImport& node);
void import_global_pool(const NodeImport& node, NodeKind kind, bool keep_dims);

// reduction.cpp
void import_reduce_mean(const NodeImport& node);
void import_reduce_max(const NodeImport& node);
void import_reduce_other(const NodeImport& node);
void import_arg_max(const NodeImport& node);
void import_top_k(const NodeImport& node);

// matrix.cpp
void import_gemm(const NodeImport& node);
void import_matmul(const NodeImport& node);

// elementwise.cpp
void import_add(const NodeImport& node);
void import_sub(const NodeImport& node);
void import_mul(const NodeImport& node);
void import_div(const NodeImport& node);
void import_sum(const NodeImport& node);
void import_mean(const NodeImport& node);
void import_extreme(const NodeImport& node);
void import_pow(const NodeImport& node);
void import_selection(const NodeImport& node);
void import_batch_normalization(const NodeImport& node);

// activations.cpp
void import_relu(const NodeImport& node);
void import_clip(const NodeImport& node);
void import_leaky_relu(const NodeImport& node);
void import_prelu(const NodeImport& node);
void import_sigmoid(const NodeImport& node);
void import_hard_sigmoid(const NodeImport& node);
void import_hard_swish(const NodeImport& node);
void import_tanh(const NodeImport& node);
void import_softmax(const NodeImport& node);
void import_elu(const NodeImport& node);
void import_selu(const NodeImport& node);
void import_gelu(const NodeImport& node);
void import_silu(const NodeImport& node);
void import_mish(const NodeImport& node);
void import_softplus(const NodeImport& node);
void import_function(const NodeImport& node);
void import_normalization(const NodeImport& node);
/// Max or Min of a tensor and the number in input `number`.
void import_clip_to_number(const NodeImport& node, std::size_t number, bool is_maximum);
/// An element-wise node that only cost models understand.
void add_unexecutable_function(const NodeImport& node, const std::string& why);

// movement.cpp
void import_reshape(const NodeImport& node);
void import_flatten(const NodeImport& node);
void import_squeeze(const NodeImport& node);
void import_unsqueeze(const NodeImport& node);
void import_transpose(const NodeImport& node);
void import_depth_to_space(const NodeImport& node);
void import_space_to_depth(const NodeImport& node);
void import_resize(const NodeImport& node);
void import_upsample(const NodeImport& node);

// repetition.cpp
void import_tile(const NodeImport& node);
void import_expand(const NodeImport& node);

// selection.cpp
void import_concat(const NodeImport& node);
void import_slice(const NodeImport& node);
void import_split(const NodeImport& node);
void import_gather(const NodeImport& node);
void import_pad(const NodeImport& node);

// constants.cpp
void import_constant(const NodeImport& node);
void import_constant_of_shape(const NodeImport& node);
void import_shape(const NodeImport& node);
void import_size(const NodeImport& node);
/// Operators that fold_constants() computes; refuses computed inputs.
void import_constants_only(const NodeImport& node);

// pass_through.cpp
void import_identity(const NodeImport& node);
void import_lrn(const NodeImport& node);
void import_quantizer(const NodeImport& node);
void import_dequantize(const NodeImport& node);
void import_dynamic_quantizer(const NodeImport& node);

// refusals.cpp: operators that no network of fixed sizes can hold, each with its reason
void import_refused(const NodeImport& node);
[[nodiscard]] bool is_refused(std::string_view op_type);

/// The new sizes of a Reshape, Flatten, Squeeze or Unsqueeze node, of constants too.
[[nodiscard]] Dims reshaped_dims(const NodeImport& node);
/// The axis order of a Transpose node.
[[nodiscard]] std::vector<std::size_t> transpose_order(const NodeImport& node, std::size_t rank);
/// What a Slice node takes of its input: count elements of an axis, begin + i * step.
struct SlicedAxis {
  std::size_t axis = 0;
  std::int64_t begin = 0, count = 0, step = 1;
};
/// Of constants too; axes that stay whole are left out. Throws Problem.
[[nodiscard]] std::vector<SlicedAxis> sliced_axes(const NodeImport& node, const Dims& dims);
/// Axes that a reduction names, and for every axis whether it is reduced.
[[nodiscard]] Dims named_axes(const NodeImport& node);
[[nodiscard]] std::vector<bool> reduced_axes(const NodeImport& node, const Dims& axes,
                                             std::size_t rank);
/// Sizes of the parts that a Split node makes of an axis of `size`.
[[nodiscard]] Dims split_sizes(const NodeImport& node, std::int64_t size);
/// Sizes that two operands have together (numpy broadcasting). Throws Problem.
[[nodiscard]] Dims broadcast_dims(const Dims& left, const Dims& right);

}  // namespace hwflow::onnx_import
