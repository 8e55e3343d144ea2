#include "train/export/onnx_export.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/random.hpp"
#include "tests/train/export/elsewhere.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

Node make_conv(std::string name, NodeId input, std::int64_t channels, std::int64_t kernel,
               std::int64_t stride, Activation activation) {
  Node node = node_of(std::move(name), NodeKind::convolution, {input});
  node.conv.out_channels = channels;
  node.conv.kernel_height = node.conv.kernel_width = kernel;
  node.conv.stride_height = node.conv.stride_width = stride;
  node.conv.pad_top = node.conv.pad_left = node.conv.pad_bottom = node.conv.pad_right = kernel / 2;
  node.has_bias = true;
  node.activation = activation;
  return node;
}

/// image(2,6,6) -> conv3x3/1 (4) relu -> conv3x3/2 (6) ; subsample shortcut ; add relu -> global
/// average -> fully connected (3).
Network residual_network() {
  Node image = node_of("image0", NodeKind::input, {});
  image.shape = {2, 6, 6};
  Node shortcut = node_of("shortcut", NodeKind::subsample, {NodeId{1}});
  shortcut.conv.stride_height = shortcut.conv.stride_width = 2;
  shortcut.channel_pad_before = shortcut.channel_pad_after = 1;
  Node sum = node_of("sum", NodeKind::add, {NodeId{2}, NodeId{3}});
  sum.activation = Activation::relu;
  Node pool = node_of("pool", NodeKind::average_pooling, {NodeId{4}});
  pool.conv.kernel_height = pool.conv.kernel_width = 0;
  Node linear = node_of("linear", NodeKind::fully_connected, {NodeId{5}});
  linear.conv.out_channels = 3;
  linear.has_bias = true;
  return *Network::make(
      "tiny", {image, make_conv("c1", NodeId{0}, 4, 3, 1, Activation::relu),
               make_conv("c2", NodeId{1}, 6, 3, 2, Activation::none), shortcut, sum, pool, linear});
}

IntegerCompute random_compute(Rng& rng, std::vector<std::int64_t> shape, int bits,
                              bool per_channel) {
  IntegerCompute compute;
  compute.bits = bits;
  compute.low = bits == 1 ? -1 : -(1 << (bits - 1));
  compute.high = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t code =
        bits == 1 ? 2 * rng.between(0, 1) - 1 : rng.between(compute.low, compute.high);
    compute.codes.push_back(static_cast<std::int16_t>(code));
  }
  const std::int64_t scales = per_channel ? shape[0] : 1;
  for (std::int64_t k = 0; k < scales; ++k) compute.scales.push_back(0.3 * (0.5 + rng.uniform()));
  for (std::int64_t k = 0; k < shape[0]; ++k) compute.bias.push_back(rng.between(-9, 9));
  compute.shape = std::move(shape);
  return compute;
}

QuantizerGrid grid_of(double scale, int bits, bool is_signed) {
  const std::int32_t span = 1 << bits;
  return {scale, is_signed ? -span / 2 : 0, is_signed ? span / 2 - 1 : span - 1, bits};
}

IntegerNetwork random_integer_network(std::uint64_t seed, int weight_bits, int input_bits) {
  Rng rng(seed);
  IntegerNetwork made{residual_network(), {}, {0.4F, 0.5F}, {0.25F, 0.3F}, {}};
  made.nodes.resize(made.network.nodes().size());
  made.nodes[1] = {{grid_of(0.05, 8, true)}, random_compute(rng, {4, 2, 3, 3}, weight_bits, true)};
  made.nodes[2] = {{grid_of(0.21, input_bits, false)},
                   random_compute(rng, {6, 4, 3, 3}, weight_bits, false)};
  made.nodes[4] = {{grid_of(0.37, 8, true), grid_of(0.11, 8, false)}, std::nullopt};
  made.nodes[5] = {{grid_of(0.19, 8, false)}, std::nullopt};
  made.nodes[6] = {{grid_of(0.13, input_bits, false)},
                   random_compute(rng, {3, 6}, weight_bits, true)};
  return made;
}

using Planes = std::vector<double>;  // (channel, row, column)

Planes rounded(Planes values, const QuantizerGrid& grid) {
  for (double& value : values) {
    const double code = std::nearbyint(value / grid.scale);
    value = grid.scale * std::clamp<double>(code, grid.low, grid.high);
  }
  return values;
}

/// Second derivation: plain loops over the definition of a 3x3 convolution with padding 1.
Planes convolve(const Planes& x, std::int64_t size, const IntegerCompute& w, double input_scale,
                std::int64_t stride) {
  const std::int64_t out = (size - 1) / stride + 1, channels = w.shape[1];
  Planes y;
  for (std::int64_t k = 0; k < w.shape[0]; ++k) {
    const double scale = w.scales[w.scales.size() == 1 ? 0 : static_cast<std::size_t>(k)];
    for (std::int64_t p = 0; p < out; ++p) {
      for (std::int64_t q = 0; q < out; ++q) {
        double sum = static_cast<double>(w.bias[static_cast<std::size_t>(k)]) * scale * input_scale;
        for (std::int64_t tap = 0; tap < channels * 9; ++tap) {
          const std::int64_t c = tap / 9;
          const std::int64_t row = p * stride + tap % 9 / 3 - 1, column = q * stride + tap % 3 - 1;
          if (row < 0 || row >= size || column < 0 || column >= size) continue;
          const auto code = w.codes[static_cast<std::size_t>(k * channels * 9 + tap)];
          sum += scale * code * x[static_cast<std::size_t>((c * size + row) * size + column)];
        }
        y.push_back(sum);
      }
    }
  }
  return y;
}

Planes relu(Planes values) {
  for (double& value : values) value = std::max(0.0, value);
  return values;
}

/// What the residual network computes, straight from the definitions, in double.
Planes reference(const IntegerNetwork& net, const std::vector<float>& pixels) {
  Planes image;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t c = i / 36;
    image.push_back((pixels[i] / 255.0 - net.input_mean[c]) / net.input_std[c]);
  }
  const auto& n = net.nodes;
  const Planes c1 =
      relu(convolve(rounded(image, n[1].inputs[0]), 6, *n[1].compute, n[1].inputs[0].scale, 1));
  const Planes c2 =
      rounded(convolve(rounded(c1, n[2].inputs[0]), 6, *n[2].compute, n[2].inputs[0].scale, 2),
              n[4].inputs[0]);
  Planes sum(6 * 9);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const std::size_t k = i / 9, row = i % 9 / 3, column = i % 3;
    Planes identity{k >= 1 && k <= 4 ? c1[((k - 1) * 6 + 2 * row) * 6 + 2 * column] : 0.0};
    sum[i] = std::max(0.0, c2[i] + rounded(identity, n[4].inputs[1])[0]);
  }
  sum = rounded(sum, n[5].inputs[0]);
  Planes features;
  for (std::size_t k = 0; k < 6; ++k) {
    double total = 0;
    for (std::size_t i = 0; i < 9; ++i) total += sum[k * 9 + i];
    features.push_back(total / 9);
  }
  features = rounded(features, n[6].inputs[0]);
  const IntegerCompute& w = *n[6].compute;
  Planes logits;
  for (std::size_t k = 0; k < 3; ++k) {
    double total = static_cast<double>(w.bias[k]) * w.scales[k] * n[6].inputs[0].scale;
    for (std::size_t c = 0; c < 6; ++c) total += w.scales[k] * w.codes[k * 6 + c] * features[c];
    logits.push_back(total);
  }
  return logits;
}

class RunsElsewhere : public testing::TestWithParam<std::tuple<OnnxFlavour, int, int>> {};

TEST_P(RunsElsewhere, AndGivesTheLogitsOfTheDefinition) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  const auto [flavour, weight_bits, input_bits] = GetParam();
  const IntegerNetwork net = random_integer_network(
      static_cast<std::uint64_t>(100 * weight_bits + input_bits), weight_bits, input_bits);
  const Expected<std::string> bytes = to_onnx(net, flavour);
  ASSERT_TRUE(bytes) << to_text(bytes.error());

  constexpr std::size_t kImages = 8, kPixels = 2 * 36;
  Rng rng(5);
  std::vector<std::uint8_t> pixels(kImages * kPixels);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(rng.between(0, 255));
  const std::vector<float> logits = run_elsewhere(*bytes, flavour, pixels, {2, 6, 6});
  ASSERT_EQ(logits.size(), kImages * 3);
  for (std::size_t i = 0; i < kImages; ++i) {
    const std::vector<float> image(pixels.begin() + static_cast<std::ptrdiff_t>(i * kPixels),
                                   pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * kPixels));
    const Planes expected = reference(net, image);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_NEAR(logits[i * 3 + k], expected[k], 1e-4 * (1 + std::abs(expected[k])))
          << "image " << i << " class " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Widths, RunsElsewhere,
    testing::Values(std::tuple{OnnxFlavour::qdq, 8, 8}, std::tuple{OnnxFlavour::qdq, 4, 4},
                    std::tuple{OnnxFlavour::qdq, 3, 2}, std::tuple{OnnxFlavour::qdq, 1, 1},
                    std::tuple{OnnxFlavour::qonnx, 8, 8}, std::tuple{OnnxFlavour::qonnx, 4, 3},
                    std::tuple{OnnxFlavour::qonnx, 1, 2}, std::tuple{OnnxFlavour::qonnx, 12, 16}),
    [](const auto& row) {
      return fmt::format("{}_w{}a{}", name(std::get<0>(row.param)), std::get<1>(row.param),
                         std::get<2>(row.param));
    });

TEST(ToOnnx, QdqHasOpset13AndInt8Weights) {
  const Expected<std::string> bytes = to_onnx(random_integer_network(1, 4, 4), OnnxFlavour::qdq);
  ASSERT_TRUE(bytes);
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(*bytes));
  ASSERT_EQ(model.opset_import_size(), 1);
  EXPECT_EQ(model.opset_import(0).version(), 13);
  const auto& tensors = model.graph().initializer();
  const auto weight = std::find_if(tensors.begin(), tensors.end(),
                                   [](const auto& t) { return t.name() == "c1.weight"; });
  ASSERT_NE(weight, tensors.end());
  EXPECT_EQ(weight->data_type(), onnx::TensorProto::INT8);
  EXPECT_EQ(weight->raw_data().size(), 4U * 2 * 3 * 3);
}

TEST(ToOnnx, FilesSayWhatTheyAreAndWhatTheyRead) {
  IntegerNetwork network = random_integer_network(1, 4, 8);
  network.plan = {{{4, 8}, {4, 8}, {4, 8}}};
  for (const OnnxFlavour flavour : {OnnxFlavour::qdq, OnnxFlavour::qonnx}) {
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(*to_onnx(network, flavour)));
    std::map<std::string, std::string> metadata;
    for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
    EXPECT_EQ(metadata["hwflow_version"], model.producer_version());
    EXPECT_EQ(metadata["network"], "tiny");
    EXPECT_EQ(compression_plan_from_text(metadata["plan"]).value(), network.plan);
    EXPECT_EQ(metadata["quantization"], flavour == OnnxFlavour::qdq ? "qdq" : "qonnx");
    EXPECT_EQ(metadata["input"], "pixels 0..255, normalisation in the graph");
  }
}

TEST(ToOnnx, EqualGridsOnOneTensorShareAQuantizer) {
  IntegerNetwork net = random_integer_network(2, 4, 4);
  net.nodes[4].inputs[1] = net.nodes[2].inputs[0];
  const auto count = [](const IntegerNetwork& network) {
    onnx::ModelProto model;
    model.ParseFromString(*to_onnx(network, OnnxFlavour::qdq));
    return std::count_if(model.graph().node().begin(), model.graph().node().end(),
                         [](const auto& node) { return node.op_type() == "QuantizeLinear"; });
  };
  // c1, c2, two edges of the add, pool, linear; the shortcut lies between c1 and the add's edge, so
  // its tensor is another one.
  EXPECT_EQ(count(net), 6);
}

TEST(ToOnnx, RefusesWidthsThatQdqCannotHold) {
  const Expected<std::string> bytes = to_onnx(random_integer_network(3, 12, 16), OnnxFlavour::qdq);
  ASSERT_FALSE(bytes);
  const std::string text = to_text(bytes.error());
  EXPECT_THAT(text, HasSubstr("c2.input0: 16 bits do not fit the 8-bit containers of QDQ"));
  EXPECT_THAT(text, HasSubstr("linear: weights: 12 bits do not fit"));
  EXPECT_THAT(text, HasSubstr("export as qonnx"));
}

TEST(OnnxFlavour, UnknownNameGetsAHint) {
  const Expected<OnnxFlavour> flavour = onnx_flavour_from_name("qdk");
  ASSERT_FALSE(flavour);
  EXPECT_EQ(to_text(flavour.error()), "format: unknown ONNX flavour 'qdk' (did you mean 'qdq'?)\n");
}

}  // namespace
}  // namespace hwflow::train
