#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "train/export/quantizer_writer.hpp"

namespace hwflow::train {
namespace {

class QdqWriter final : public QuantizerWriter {
 public:
  QdqWriter(GraphWriter& graph, Diagnostics& problems) : graph_(graph), problems_(problems) {}

  std::string activation(const std::string& tensor, const QuantizerGrid& grid,
                         const std::string& layer) override {
    const bool is_signed = grid.low < 0;
    const std::int32_t container_low = is_signed ? -128 : 0;
    const std::int32_t container_high = is_signed ? 127 : 255;
    if (grid.low < container_low || grid.high > container_high) return refuse(layer, grid.bits);

    std::string source = tensor;
    if (grid.low > container_low || grid.high < container_high) {
      const std::string low = graph_.scalar(layer + ".low", real(grid, grid.low));
      const std::string high = graph_.scalar(layer + ".high", real(grid, grid.high));
      source = graph_.add("Clip", {tensor, low, high}, layer + ".clipped");
    }
    const std::string scale = graph_.scalar(layer + ".scale", static_cast<float>(grid.scale));
    const std::string zero = is_signed ? graph_.int8s(layer + ".zero", {}, {0})
                                       : graph_.uint8s(layer + ".zero", {}, {0});
    const std::string codes = graph_.add("QuantizeLinear", {source, scale, zero}, layer + ".codes");
    return graph_.add("DequantizeLinear", {codes, scale, zero}, layer + ".real");
  }

  std::string weights(const IntegerCompute& compute, std::size_t axis,
                      const std::string& layer) override {
    const auto [least, most] = std::minmax_element(compute.codes.begin(), compute.codes.end());
    if (*least < -128 || *most > 127) return refuse_codes(layer, compute);
    const std::vector<std::int8_t> codes(compute.codes.begin(), compute.codes.end());
    const std::string tensor = graph_.int8s(layer + ".weight", compute.shape, codes);
    return dequantize(tensor, compute, 1.0, axis, compute.scales.size(), layer + ".weight");
  }

  std::string bias(const IntegerCompute& compute, double input_scale,
                   const std::string& layer) override {
    std::vector<std::int32_t> codes;
    for (const std::int64_t value : compute.bias) {
      if (value < std::numeric_limits<std::int32_t>::min() ||
          value > std::numeric_limits<std::int32_t>::max()) {
        problems_.push_back(
            {layer, fmt::format("bias {} does not fit 32 bits", value), "export as qonnx instead"});
        return {};
      }
      codes.push_back(static_cast<std::int32_t>(value));
    }
    const auto channels = static_cast<std::int64_t>(codes.size());
    const std::string tensor = graph_.int32s(layer + ".bias", {channels}, codes);
    return dequantize(tensor, compute, input_scale, 0, codes.size(), layer + ".bias");
  }

 private:
  static float real(const QuantizerGrid& grid, std::int32_t code) {
    return static_cast<float>(grid.scale * code);
  }

  std::string refuse(const std::string& layer, int bits) {
    problems_.push_back(
        {layer, fmt::format("{} bits do not fit the 8-bit containers of QDQ at opset 13", bits),
         "export as qonnx, or use widths of at most 8"});
    return {};
  }

  std::string refuse_codes(const std::string& layer, const IntegerCompute& compute) {
    // The odd codes of DoReFa need one bit more than their width.
    if (compute.bits > 8) return refuse(layer + ": weights", compute.bits);
    problems_.push_back(
        {layer + ": weights",
         fmt::format("codes {}..{} do not fit the int8 containers of QDQ at opset 13", compute.low,
                     compute.high),
         "DoReFa weights of 8 bits: export as qonnx, or use at most 7 bits"});
    return {};
  }

  std::string dequantize(const std::string& tensor, const IntegerCompute& compute, double factor,
                         std::size_t axis, std::size_t count, const std::string& name) {
    std::vector<float> scales;
    for (std::size_t k = 0; k < count; ++k) {
      scales.push_back(static_cast<float>(weight_scale(compute, k) * factor));
    }
    const bool per_channel = count > 1;
    const std::vector<std::int64_t> shape =
        per_channel ? std::vector<std::int64_t>{static_cast<std::int64_t>(count)}
                    : std::vector<std::int64_t>{};
    const std::string scale = graph_.floats(name + ".scale", shape, scales);
    std::string real_values = graph_.add("DequantizeLinear", {tensor, scale}, name + ".real");
    if (per_channel) graph_.attribute("axis", static_cast<std::int64_t>(axis));
    return real_values;
  }

  GraphWriter& graph_;
  Diagnostics& problems_;
};

}  // namespace

double weight_scale(const IntegerCompute& compute, std::size_t k) {
  return compute.scales.size() == 1 ? compute.scales.front() : compute.scales[k];
}

double real_bias(const IntegerCompute& compute, double input_scale, std::size_t k) {
  return static_cast<double>(compute.bias[k]) * weight_scale(compute, k) * input_scale;
}

std::unique_ptr<QuantizerWriter> make_qdq_writer(GraphWriter& graph, Diagnostics& problems) {
  return std::make_unique<QdqWriter>(graph, problems);
}

}  // namespace hwflow::train
