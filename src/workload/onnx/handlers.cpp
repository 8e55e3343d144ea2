#include "workload/onnx/handlers.hpp"

#include <array>
#include <string_view>

namespace hwflow::onnx_import {
namespace {

struct Row {
  std::string_view op_type;
  Handler handler;
};

constexpr std::array kHandlers{
    Row{"Abs", import_function},
    Row{"Add", import_add},
    Row{"And", import_selection},
    Row{"ArgMax", import_arg_max},
    Row{"ArgMin", import_arg_max},
    Row{"AveragePool", import_average_pool},
    Row{"BatchNormalization", import_batch_normalization},
    Row{"Cast", import_identity},
    Row{"Ceil", import_function},
    Row{"Celu", import_function},
    Row{"Clip", import_clip},
    Row{"Concat", import_concat},
    Row{"Constant", import_constant},
    Row{"ConstantOfShape", import_constant_of_shape},
    Row{"Conv", import_conv},
    Row{"ConvTranspose", import_conv_transpose},
    Row{"Cos", import_function},
    Row{"CumSum", import_function},
    Row{"DepthToSpace", import_depth_to_space},
    Row{"DequantizeLinear", import_dequantize},
    Row{"Div", import_div},
    Row{"Dropout", import_identity},
    Row{"DynamicQuantizeLinear", import_dynamic_quantizer},
    Row{"Elu", import_elu},
    Row{"Equal", import_selection},
    Row{"Erf", import_function},
    Row{"Exp", import_function},
    Row{"Expand", import_expand},
    Row{"Flatten", import_flatten},
    Row{"Floor", import_function},
    Row{"Gather", import_gather},
    Row{"Gelu", import_gelu},
    Row{"Gemm", import_gemm},
    Row{"GlobalAveragePool", import_global_average_pool},
    Row{"GlobalLpPool", import_global_lp_pool},
    Row{"GlobalMaxPool", import_global_max_pool},
    Row{"Greater", import_selection},
    Row{"GreaterOrEqual", import_selection},
    Row{"GroupNormalization", import_normalization},
    Row{"HardSigmoid", import_hard_sigmoid},
    Row{"HardSwish", import_hard_swish},
    Row{"HardTanh", import_function},
    Row{"Hardmax", import_function},
    Row{"Identity", import_identity},
    Row{"InstanceNormalization", import_normalization},
    Row{"IsNaN", import_function},
    Row{"LRN", import_lrn},
    Row{"LayerNormalization", import_normalization},
    Row{"LeakyRelu", import_leaky_relu},
    Row{"Less", import_selection},
    Row{"LessOrEqual", import_selection},
    Row{"Log", import_function},
    Row{"LogSoftmax", import_softmax},
    Row{"LpNormalization", import_normalization},
    Row{"LpPool", import_lp_pool},
    Row{"MatMul", import_matmul},
    Row{"Max", import_extreme},
    Row{"MaxPool", import_max_pool},
    Row{"Mean", import_mean},
    Row{"MeanVarianceNormalization", import_normalization},
    Row{"Min", import_extreme},
    Row{"Mish", import_mish},
    Row{"Mod", import_selection},
    Row{"Mul", import_mul},
    Row{"Neg", import_function},
    Row{"Not", import_function},
    Row{"Or", import_selection},
    Row{"PRelu", import_prelu},
    Row{"Pad", import_pad},
    Row{"Pow", import_pow},
    Row{"Quant", import_quantizer},
    Row{"QuantizeLinear", import_quantizer},
    Row{"RMSNormalization", import_normalization},
    Row{"Range", import_constants_only},
    Row{"Reciprocal", import_function},
    Row{"ReduceL1", import_reduce_other},
    Row{"ReduceL2", import_reduce_other},
    Row{"ReduceLogSum", import_reduce_other},
    Row{"ReduceLogSumExp", import_reduce_other},
    Row{"ReduceMax", import_reduce_max},
    Row{"ReduceMean", import_reduce_mean},
    Row{"ReduceMin", import_reduce_other},
    Row{"ReduceProd", import_reduce_other},
    Row{"ReduceSum", import_reduce_other},
    Row{"ReduceSumSquare", import_reduce_other},
    Row{"Relu", import_relu},
    Row{"Reshape", import_reshape},
    Row{"Resize", import_resize},
    Row{"Round", import_function},
    Row{"Selu", import_selu},
    Row{"Shape", import_shape},
    Row{"Shrink", import_function},
    Row{"Sigmoid", import_sigmoid},
    Row{"Sign", import_function},
    Row{"Silu", import_silu},
    Row{"Sin", import_function},
    Row{"Size", import_size},
    Row{"Slice", import_slice},
    Row{"Softmax", import_softmax},
    Row{"Softplus", import_softplus},
    Row{"Softsign", import_function},
    Row{"SpaceToDepth", import_space_to_depth},
    Row{"Split", import_split},
    Row{"Sqrt", import_function},
    Row{"Squeeze", import_squeeze},
    Row{"Sub", import_sub},
    Row{"Sum", import_sum},
    Row{"Swish", import_silu},
    Row{"Tanh", import_tanh},
    Row{"ThresholdedRelu", import_function},
    Row{"Tile", import_tile},
    Row{"TopK", import_top_k},
    Row{"Transpose", import_transpose},
    Row{"Trilu", import_function},
    Row{"Trunc", import_quantizer},
    Row{"Unsqueeze", import_unsqueeze},
    Row{"Upsample", import_upsample},
    Row{"Where", import_selection},
    Row{"Xor", import_selection},
};

// Quantizers of QONNX; "" and "ai.onnx" are the standard operators.
constexpr std::array<std::string_view, 6> kDomains{"",
                                                   "ai.onnx",
                                                   "onnx.brevitas",
                                                   "qonnx.custom_op.general",
                                                   "finn.custom_op.general",
                                                   "com.microsoft"};

}  // namespace

Handler find_handler(const std::string& domain, const std::string& op_type) {
  bool is_known_domain = false;
  for (const std::string_view known : kDomains) is_known_domain |= known == domain;
  if (!is_known_domain) return nullptr;
  const bool is_quantizer = op_type == "Quant" || op_type == "Trunc" ||
                            op_type == "QuantizeLinear" || op_type == "DequantizeLinear";
  if (domain != "" && domain != "ai.onnx" && !is_quantizer) return nullptr;
  for (const Row& row : kHandlers)
    if (row.op_type == op_type) return row.handler;
  return is_refused(op_type) ? import_refused : nullptr;
}

std::vector<std::string> supported_operators() {
  std::vector<std::string> names;
  for (const Row& row : kHandlers) names.emplace_back(row.op_type);
  return names;
}

}  // namespace hwflow::onnx_import
