// The fake-quantized network and the integer executor on the committed Fashion-MNIST network and
// all 10,000 test images. They differ by the fixed-point multipliers alone: a product that lies
// within 2^-31 of a tie, relatively, may be rounded the other way (docs/quantization.md).
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>
#include <set>

#include "tests/train/quant/fashion_network.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

Tensor images_of(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), first);
  return to_tensor(fashion_network().data.test, fashion_network().normalization, indices);
}

std::span<const std::uint8_t> pixels_of(std::int64_t first, std::int64_t count) {
  const std::span<const std::uint8_t> all = fashion_network().data.test.pixels;
  return all.subspan(static_cast<std::size_t>(first * 784), static_cast<std::size_t>(count * 784));
}

struct Disagreements {
  int top1 = 0;
  std::set<std::int64_t> images;  ///< whose logits differ by more than their own rounding
};

/// Logits count as equal within 1e-5: their factors to one unit have 20 bits in wide layers.
Disagreements compare(const QuantizedNetwork& quantized, const IntegerExecutor& executor,
                      std::int64_t count) {
  constexpr std::int64_t kBatch = 250;
  Disagreements found;
  for (std::int64_t first = 0; first < count; first += kBatch) {
    const Tensor fake = exact_logits(quantized, images_of(first, kBatch)).contiguous();
    const Tensor chosen = fake.argmax(1);
    const auto logits = executor.logits(pixels_of(first, kBatch), kBatch, 1);
    for (std::int64_t i = 0; i < kBatch; ++i) {
      const auto row = logits.begin() + i * 10;
      found.top1 += std::max_element(row, row + 10) - row != chosen.data_ptr<std::int64_t>()[i];
      for (std::int64_t k = 0; k < 10; ++k) {
        const double real = fake.data_ptr<double>()[i * 10 + k];
        if (std::abs(static_cast<double>(row[k]) * executor.logit_unit() - real) >
            1e-5 * (1.0 + std::abs(real)))
          found.images.insert(first + i);
      }
    }
  }
  return found;
}

/// How far the first code that differs is from a tie, as a share of the grid's highest code; none:
/// all codes agree.
std::optional<double> first_difference(const QuantizedNetwork& quantized,
                                       const IntegerExecutor& executor, std::int64_t image) {
  const Tensor input = images_of(image, 1);
  for (std::size_t node = 0; node < quantized.nodes.size(); ++node)
    for (std::size_t edge = 0; edge < quantized.nodes[node].inputs.size(); ++edge) {
      const QuantizerGrid& grid = quantized.nodes[node].inputs[edge];
      const Tensor steps = exact_input_steps(quantized, input, node, edge).contiguous();
      const auto codes = executor.input_codes(pixels_of(image, 1), node, edge);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const double value = steps.data_ptr<double>()[i];
        const double code = std::clamp<double>(std::nearbyint(value), grid.low, grid.high);
        if (code == codes[i]) continue;
        return std::abs(value - std::floor(value) - 0.5) / grid.high;
      }
    }
  return std::nullopt;
}

Disagreements compare(const CompressionPlan& plan, std::int64_t images) {
  const QuantizedNetwork quantized = fashion_network().calibrated->quantize(plan);
  const auto executor = IntegerExecutor::make(to_integer_network(quantized).value());
  const Disagreements found = compare(quantized, executor.value(), images);
  std::printf("%s: %d of %d images differ in top-1, %d in a logit\n", to_text(plan).c_str(),
              found.top1, static_cast<int>(images), static_cast<int>(found.images.size()));
  // Multipliers of 31 bits are right to 2^-31 of a product; an addition has two of them.
  for (const std::int64_t image : found.images) {
    const std::optional<double> distance = first_difference(quantized, executor.value(), image);
    EXPECT_TRUE(distance.has_value()) << "image " << image << ": all codes agree, logits do not";
    EXPECT_LE(distance.value_or(1.0), std::ldexp(1.0, -29)) << "image " << image;
  }
  return found;
}

CompressionPlan uniform(int bits) {
  return CompressionPlan::uniform(fashion_network().network.compute_nodes().size(), bits, bits);
}

TEST(ExactEvaluation, AgreesWithTheIntegersOnEveryTestImageAtFourBits) {
  const Disagreements found = compare(uniform(4), 10'000);
  EXPECT_EQ(found.top1, 0);
  EXPECT_TRUE(found.images.empty());
}

TEST(ExactEvaluation, ChoosesTheSameClassAtEightBits) {
  EXPECT_EQ(compare(uniform(8), 1'000).top1, 0);
}

TEST(ExactEvaluation, CodesOfSixteenBitsDifferOnlyNextToATie) {
  // Codes of up to 65,535 put products nearest to ties: here what the second convolution reads,
  // which is rounded once (the image's own codes come from a table).
  const QuantizedNetwork quantized = fashion_network().calibrated->quantize(uniform(16));
  const auto executor = IntegerExecutor::make(to_integer_network(quantized).value());
  const std::size_t node =
      static_cast<std::size_t>(fashion_network().network.compute_nodes().at(1).value);
  const QuantizerGrid& grid = quantized.nodes[node].inputs[0];
  std::int64_t differing = 0, all = 0;
  for (std::int64_t image = 0; image < 200; ++image) {
    const Tensor steps = exact_input_steps(quantized, images_of(image, 1), node, 0).contiguous();
    const auto codes = executor.value().input_codes(pixels_of(image, 1), node, 0);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const double value = steps.data_ptr<double>()[i];
      ++all;
      if (std::clamp<double>(std::nearbyint(value), grid.low, grid.high) == codes[i]) continue;
      ++differing;
      EXPECT_LE(std::abs(value - std::floor(value) - 0.5), std::ldexp(value, -31) * 1.001) << value;
    }
  }
  std::printf("16/16: %d of %d codes differ\n", static_cast<int>(differing), static_cast<int>(all));
  EXPECT_LT(differing, all / 10'000);
}

TEST(ExactEvaluation, ExactTiesGoUpInIntegersAndToEvenInTheFakeNetwork) {
  // One pixel, one weight of one step (0.5). Its sum in steps of the reader (the image's own) is
  // half the pixel: 1 -> 0.5, which goes to 0 or up to 1; 3 -> 1.5, which goes to 2 both ways.
  NetworkBuilder builder;
  const NodeId first =
      builder.conv_bias("first", builder.input({1, 1, 1}), 1, {.kernel = 1}, Activation::none);
  builder.fully_connected("last", first, 1);
  QuantizedNetwork quantized{.network = std::move(builder).finish("one"),
                             .weights = {},
                             .plan = CompressionPlan::uniform(2, 8, 8),
                             .nodes = {},
                             .normalization = {{0.0F}, {1.0F}}};
  quantized.weights["first.weight"] = {{1, 1, 1, 1}, {0.5F}};
  quantized.weights["first.bias"] = quantized.weights["last.bias"] = {{1}, {0.0F}};
  quantized.weights["last.weight"] = {{1, 1}, {1.0F}};
  const QuantizerGrid grid{1.0 / 255.0, 0, 255, 8};
  quantized.nodes = {
      {},
      {.inputs = {grid}, .weights = {.bits = 8, .range = {-128, 127}, .scales = {0.5}}},
      {.inputs = {grid}, .weights = {.bits = 8, .range = {-128, 127}, .scales = {1.0}}}};
  const auto executor = IntegerExecutor::make(to_integer_network(quantized).value());
  for (const auto& [pixel, fake_code, integer_code] : {std::array{1, 0, 1}, std::array{3, 2, 2}}) {
    const std::vector<std::uint8_t> pixels{static_cast<std::uint8_t>(pixel)};
    EXPECT_EQ(executor.value().input_codes(pixels, 2, 0).at(0), integer_code);
    const Tensor logit =
        exact_logits(quantized, torch::full({1, 1, 1, 1}, static_cast<float>(pixel) / 255.0F));
    EXPECT_NEAR(logit.item<double>() * 255.0, fake_code, 1e-9);
  }
}

}  // namespace
}  // namespace hwflow::train
