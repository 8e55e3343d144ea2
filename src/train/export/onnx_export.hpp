#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "train/quant/integer_network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// How quantization is written into an ONNX file.
enum class OnnxFlavour : std::uint8_t {
  qdq,    ///< opset 13 QuantizeLinear/DequantizeLinear, int8 and uint8 containers; widths below 8
          ///< are clipped to their grid before they are rounded
  qonnx,  ///< Quant and BipolarQuant nodes of domain qonnx.custom_op.general, any width
};
[[nodiscard]] std::string_view name(OnnxFlavour flavour);
[[nodiscard]] Expected<OnnxFlavour> onnx_flavour_from_name(std::string_view text);

/// The network as the bytes of an ONNX file.
///
/// Input   "image": float (batch, channels, height, width), pixel values 0..255; normalisation is
///         part of the graph. Output: one tensor for each output node, in the order of the
///         network; its name begins with the node's.
/// Metadata  hwflow_version, network, plan (text form), quantization (the flavour) and input.
/// Errors  node kinds and widths that the flavour cannot say, each with its layer.
/// Checked by  onnxruntime (QDQ) and the qonnx package (QONNX) on real images,
///         tests/integration/.
[[nodiscard]] Expected<std::string> to_onnx(const IntegerNetwork& network, OnnxFlavour flavour);

/// A float network without BatchNorm likewise; no plan and no quantization among its metadata.
/// weights   as WeightedNetwork; `input_mean` and `input_std` of pixels scaled to 0..1, by channel
[[nodiscard]] Expected<std::string> to_onnx(const Network& network, const WeightMap& weights,
                                            const std::vector<float>& input_mean,
                                            const std::vector<float>& input_std);

}  // namespace hwflow::train
