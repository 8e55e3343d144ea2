#include <fmt/format.h>

#include <algorithm>

#include "train/export/quantizer_writer.hpp"

namespace hwflow::train {
namespace {

class QonnxWriter final : public QuantizerWriter {
 public:
  QonnxWriter(GraphWriter& graph, Diagnostics& problems) : graph_(graph), problems_(problems) {}

  std::string activation(const std::string& tensor, const QuantizerGrid& grid,
                         const std::string& layer) override {
    const std::string scale = graph_.scalar(layer + ".scale", static_cast<float>(grid.scale));
    return quantize(tensor, scale, grid.low, grid.high, grid.bits, false, layer);
  }

  std::string weights(const IntegerCompute& compute, std::size_t axis,
                      const std::string& layer) override {
    const std::string place = layer + ".weight";
    const bool bipolar =
        compute.bits == 1 && std::all_of(compute.codes.begin(), compute.codes.end(),
                                         [](auto code) { return code == 1 || code == -1; });
    std::vector<std::int64_t> shape(compute.shape.size(), 1);
    std::vector<float> scales;
    for (const double scale : compute.scales) scales.push_back(static_cast<float>(scale));
    if (scales.size() > 1) shape[axis] = static_cast<std::int64_t>(scales.size());
    if (scales.size() == 1) shape.clear();
    const std::string scale = graph_.floats(place + ".scale", shape, scales);
    const std::string real = graph_.floats(place, compute.shape, real_weights(compute, axis));
    return quantize(real, scale, compute.low, compute.high, width_of(compute), bipolar, place);
  }

  std::string bias(const IntegerCompute& compute, double input_scale,
                   const std::string& layer) override {
    std::vector<float> values;
    for (std::size_t k = 0; k < compute.bias.size(); ++k) {
      values.push_back(static_cast<float>(real_bias(compute, input_scale, k)));
    }
    return graph_.floats(layer + ".bias", {static_cast<std::int64_t>(values.size())}, values);
  }

 private:
  /// DoReFa's odd codes -(2^b - 1)..2^b - 1 are the narrow signed grid of b + 1 bits (zero points
  /// of one half would keep the width, but few readers take them).
  static int width_of(const IntegerCompute& compute) {
    const std::int32_t levels = (1 << compute.bits) - 1;
    const bool odd = compute.bits > 1 && compute.low == -levels && compute.high == levels;
    return compute.bits + (odd ? 1 : 0);
  }

  static std::vector<float> real_weights(const IntegerCompute& compute, std::size_t axis) {
    std::int64_t inner = 1;
    for (std::size_t i = axis + 1; i < compute.shape.size(); ++i) inner *= compute.shape[i];
    std::vector<float> values(compute.codes.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t channel = static_cast<std::int64_t>(i) / inner % compute.shape[axis];
      values[i] = static_cast<float>(
          static_cast<float>(weight_scale(compute, static_cast<std::size_t>(channel))) *
          static_cast<float>(compute.codes[i]));
    }
    return values;
  }

  std::string quantize(const std::string& tensor, const std::string& scale, std::int32_t low,
                       std::int32_t high, int bits, bool bipolar, const std::string& place) {
    if (bipolar) {
      std::string real = graph_.add("BipolarQuant", {tensor, scale}, place + ".real");
      graph_.node().set_domain("qonnx.custom_op.general");
      return real;
    }
    const std::int64_t span = std::int64_t{1} << bits;
    const bool is_signed = low < 0;
    const std::int64_t full_low = is_signed ? -span / 2 : 0;
    const std::int64_t full_high = is_signed ? span / 2 - 1 : span - 1;
    const bool full = low == full_low && high == full_high;
    const bool narrow =
        is_signed ? low == full_low + 1 && high == full_high : low == 0 && high == full_high - 1;
    if (!full && !narrow) {
      problems_.push_back(
          {place, fmt::format("codes {}..{} are no grid of {} bits in QONNX", low, high, bits),
           ""});
      return {};
    }
    const std::string zero = graph_.scalar(place + ".zero", 0.0F);
    const std::string width = graph_.scalar(place + ".bits", static_cast<float>(bits));
    std::string real = graph_.add("Quant", {tensor, scale, zero, width}, place + ".real");
    graph_.node().set_domain("qonnx.custom_op.general");
    graph_.attribute("signed", std::int64_t{is_signed});
    graph_.attribute("narrow", std::int64_t{narrow});
    graph_.attribute("rounding_mode", std::string("ROUND"));
    return real;
  }

  GraphWriter& graph_;
  Diagnostics& problems_;
};

}  // namespace

std::unique_ptr<QuantizerWriter> make_qonnx_writer(GraphWriter& graph, Diagnostics& problems) {
  return std::make_unique<QonnxWriter>(graph, problems);
}

}  // namespace hwflow::train
