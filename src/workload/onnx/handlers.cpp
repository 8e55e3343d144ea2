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
    Row{"Add", import_add},
    Row{"AveragePool", import_average_pool},
    Row{"BatchNormalization", import_batch_normalization},
    Row{"Cast", import_identity},
    Row{"Clip", import_clip},
    Row{"Concat", import_concat},
    Row{"Constant", import_constant},
    Row{"ConstantOfShape", import_constant_of_shape},
    Row{"Conv", import_conv},
    Row{"ConvTranspose", import_conv_transpose},
    Row{"DepthToSpace", import_depth_to_space},
    Row{"DequantizeLinear", import_dequantize},
    Row{"Div", import_div},
    Row{"Dropout", import_identity},
    Row{"Flatten", import_flatten},
    Row{"Gather", import_gather},
    Row{"Gemm", import_gemm},
    Row{"GlobalAveragePool", import_global_average_pool},
    Row{"GlobalMaxPool", import_global_max_pool},
    Row{"HardSigmoid", import_hard_sigmoid},
    Row{"HardSwish", import_hard_swish},
    Row{"Identity", import_identity},
    Row{"LRN", import_lrn},
    Row{"LeakyRelu", import_leaky_relu},
    Row{"LogSoftmax", import_softmax},
    Row{"MatMul", import_matmul},
    Row{"MaxPool", import_max_pool},
    Row{"Mul", import_mul},
    Row{"PRelu", import_prelu},
    Row{"Pad", import_pad},
    Row{"Quant", import_quantizer},
    Row{"QuantizeLinear", import_quantizer},
    Row{"ReduceMax", import_reduce_max},
    Row{"ReduceMean", import_reduce_mean},
    Row{"Relu", import_relu},
    Row{"Reshape", import_reshape},
    Row{"Resize", import_resize},
    Row{"Shape", import_shape},
    Row{"Sigmoid", import_sigmoid},
    Row{"Slice", import_slice},
    Row{"Softmax", import_softmax},
    Row{"SpaceToDepth", import_space_to_depth},
    Row{"Split", import_split},
    Row{"Squeeze", import_squeeze},
    Row{"Sub", import_sub},
    Row{"Sum", import_sum},
    Row{"Tanh", import_tanh},
    Row{"Transpose", import_transpose},
    Row{"Trunc", import_quantizer},
    Row{"Unsqueeze", import_unsqueeze},
    Row{"Upsample", import_upsample},
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
  return nullptr;
}

std::vector<std::string> supported_operators() {
  std::vector<std::string> names;
  for (const Row& row : kHandlers) names.emplace_back(row.op_type);
  return names;
}

}  // namespace hwflow::onnx_import
