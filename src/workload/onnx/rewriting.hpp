#pragma once

namespace onnx {
class GraphProto;
}

/// Rewritings of the file's graph before it is read, so that each idea has one spelling.
namespace hwflow::onnx_import {

/// Activations that exporters spell out as arithmetic, put back together: hard sigmoid
/// (clip(x + 3, 0, 6) / 6 and its like), hard swish (x times that), SiLU (x times sigmoid), Mish
/// (x times tanh of softplus) and GELU (x times (1 + erf(x / sqrt 2)) / 2). Sources: the
/// definitions of the ONNX operators HardSigmoid, HardSwish, Mish and Gelu.
void recognise_activations(::onnx::GraphProto& graph);

/// Quantized operators (ConvInteger, QLinearConv, QLinearMatMul, QGemm...) as the operators that
/// they quantize, of dequantized constants; the reader marks them as not executable.
void expand_quantized_operators(::onnx::GraphProto& graph);

/// Name of the attribute that expand_quantized_operators leaves behind: the former operator.
inline constexpr const char* kQuantizedFrom = "hwflow_quantized_from";

}  // namespace hwflow::onnx_import
