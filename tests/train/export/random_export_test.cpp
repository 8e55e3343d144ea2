// Random networks (tests/train/quant/random_integer_network.hpp), exported and run elsewhere,
// against scalar loops.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/train/export/elsewhere.hpp"
#include "tests/train/quant/naive_integer.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "workload/network_yaml.hpp"

namespace hwflow::train {
namespace {

constexpr std::int64_t kImages = 4;

/// How many of kImages random images have the logits of the scalar loops. Where a number lies so
/// near to a rounding tie that float arithmetic rounds it elsewhere, an image may differ.
std::int64_t count_equal(Rng& rng, const IntegerNetwork& network, OnnxFlavour flavour) {
  const auto pixels = random_images(rng, network, kImages);
  const Expected<std::string> bytes = to_onnx(network, flavour);
  if (!bytes) {
    ADD_FAILURE() << to_text(bytes.error());
    return 0;
  }
  const FeatureShape shape = network.network.nodes().front().shape;
  const std::vector<float> there = run_elsewhere(*bytes, flavour, pixels, shape);
  const auto size = static_cast<std::size_t>(shape.elements());
  std::int64_t equal = 0;
  for (std::size_t image = 0; image < kImages; ++image) {
    const auto here = run_naively(network, std::span(pixels).subspan(image * size, size)).logits;
    bool same = there.size() == here.size() * kImages;
    for (std::size_t k = 0; same && k < here.size(); ++k) {
      const auto expected = static_cast<double>(here[k]);
      same = std::abs(there[image * here.size() + k] - expected) < 1e-4 * (1 + std::abs(expected));
    }
    equal += same ? 1 : 0;
  }
  return equal;
}

bool has_dilated(const Network& network, NodeKind kind) {
  return std::ranges::any_of(network.nodes(), [kind](const Node& node) {
    return node.kind == kind && node.conv.dilation_height > 1;
  });
}

class RandomExport : public testing::TestWithParam<OnnxFlavour> {};

TEST_P(RandomExport, GivesTheLogitsOfScalarLoops) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  constexpr std::int64_t kAny = 8, kDilated = 4;
  std::int64_t any = 0, dilated = 0, equal = 0;
  for (std::uint64_t trial = 0; dilated < kDilated; ++trial) {
    Rng rng = Rng::derive(71, trial);
    const IntegerNetwork network = random_integer_network(rng, {});
    if (has_dilated(network.network, NodeKind::average_pooling)) continue;  // refused, see below
    const bool special = has_dilated(network.network, NodeKind::max_pooling);
    if (!special && any == kAny) continue;
    ++(special ? dilated : any);
    const std::int64_t of_this = count_equal(rng, network, GetParam());
    EXPECT_GT(of_this, 0) << "trial " << trial << ": no image has the same logits";
    equal += of_this;
  }
  EXPECT_GE(equal, (kAny + kDilated) * kImages * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Flavours, RandomExport,
                         testing::Values(OnnxFlavour::qdq, OnnxFlavour::qonnx),
                         [](const auto& row) { return std::string(name(row.param)); });

/// The example of docs/formats/network.md, whose input is called as the graph's.
Network documented_network() {
  const std::string root = std::getenv("HWFLOW_SOURCE_DIR");
  std::ifstream page(root + "/docs/formats/network.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const std::size_t begin = text.find("```yaml\n") + 8;
  return network_from_yaml(text.substr(begin, text.find("```", begin) - begin), "network.md")
      .value();
}

TEST_P(RandomExport, ANodeMayBeCalledAsTheInputOfTheGraph) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  Network network = documented_network();
  ASSERT_EQ(network.nodes().front().name, "image");
  for (const auto& node : network.nodes()) ASSERT_FALSE(node.name.empty());
  std::vector<Node> folded = network.nodes();
  for (Node& node : folded) {
    node.has_bias = node.has_bias || node.has_batch_norm;
    node.has_batch_norm = false;
  }
  Rng rng(72);
  const IntegerNetwork integers =
      random_integers(rng, Network::make("example", folded).value(), {8, 8});
  EXPECT_GE(count_equal(rng, integers, GetParam()), kImages - 1);
}

TEST_P(RandomExport, NodesMayBeCalledAsTensorsThatTheExportAdds) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  const std::vector<std::string> taken{".activated",   ".input0.scale", ".input0.clipped",
                                       ".input0.real", ".weight",       ".weight.real",
                                       ".bias",        ".flat",         "_2"};
  for (std::uint64_t trial = 0; trial < 8; ++trial) {
    Rng rng = Rng::derive(73, trial);
    const IntegerNetwork plain = random_integer_network(rng, {4, 4});
    if (has_dilated(plain.network, NodeKind::average_pooling)) continue;  // refused, see below
    std::vector<Node> nodes = plain.network.nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].name = i == 0   ? "image.unit"
                      : i == 1 ? "image"
                               : nodes[i % 2].name + taken[(i + trial) % taken.size()] +
                                     (i > taken.size() ? "_2" : "");
    }
    Expected<Network> network = Network::make("hostile", nodes);
    ASSERT_TRUE(network) << to_text(network.error());
    IntegerNetwork renamed = plain;
    renamed.network = std::move(*network);
    EXPECT_GT(count_equal(rng, renamed, GetParam()), 0) << "trial " << trial;
  }
}

/// image(1,h,w) -> pooling -> fully connected (2), all of 8 bits.
IntegerNetwork pooling_network(NodeKind kind, const ConvShape& window, const FeatureShape& image) {
  Node input;
  input.name = "pixels";
  input.kind = NodeKind::input;
  input.shape = image;
  Node pool;
  pool.name = "pool";
  pool.kind = kind;
  pool.inputs = {NodeId{0}};
  pool.conv = window;
  Node linear;
  linear.name = "linear";
  linear.kind = NodeKind::fully_connected;
  linear.inputs = {NodeId{1}};
  linear.conv.out_channels = 2;
  linear.has_bias = true;
  IntegerNetwork made{*Network::make("pooling", {input, pool, linear}), {}, {0.0F}, {1.0F}, {}};
  made.nodes.resize(3);
  const QuantizerGrid grid{1.0 / 255, 0, 255, 8};
  if (kind == NodeKind::average_pooling) made.nodes[1].inputs = {grid};
  const std::int64_t features = made.network.nodes()[1].shape.elements();
  IntegerCompute compute;
  compute.shape = {2, features};
  for (std::int64_t i = 0; i < 2 * features; ++i)
    compute.codes.push_back(static_cast<std::int16_t>(7 * i % 19 - 9));
  compute.scales = {0.5};
  compute.bias = {3, -3};
  made.nodes[2] = {{grid}, compute};
  return made;
}

TEST(PoolingExport, AKernelAsLargeAsItsInputIsNotGlobalWithPadsOrDilation) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  ConvShape window;
  window.kernel_height = window.kernel_width = 3;
  window.stride_height = window.stride_width = 1;
  window.dilation_height = window.dilation_width = 2;
  window.pad_top = window.pad_left = window.pad_bottom = window.pad_right = 1;
  // Rows -1, 1, 3 of three: the pool reads the middle pixel alone, 7 = code 7 of the next layer.
  const IntegerNetwork network = pooling_network(NodeKind::max_pooling, window, {1, 3, 3});
  const Expected<std::string> bytes = to_onnx(network, OnnxFlavour::qdq);
  ASSERT_TRUE(bytes) << to_text(bytes.error());
  const std::vector<std::uint8_t> pixels{200, 9, 9, 9, 7, 9, 9, 9, 9};
  const auto logits = run_elsewhere(*bytes, OnnxFlavour::qdq, pixels, {1, 3, 3});
  // (weight code * 7 + bias) * 0.5 / 255 with weight codes -9 and -2.
  ASSERT_EQ(logits.size(), 2U);
  EXPECT_NEAR(logits[0], (-9 * 7 + 3) * 0.5 / 255, 1e-6);
  EXPECT_NEAR(logits[1], (-2 * 7 - 3) * 0.5 / 255, 1e-6);
}

TEST(PoolingExport, DilatedAveragePoolingIsRefusedByName) {
  ConvShape window;
  window.kernel_height = window.kernel_width = 2;
  window.stride_height = window.stride_width = 1;
  window.dilation_height = window.dilation_width = 2;
  const IntegerNetwork network = pooling_network(NodeKind::average_pooling, window, {1, 5, 5});
  for (const OnnxFlavour flavour : {OnnxFlavour::qdq, OnnxFlavour::qonnx}) {
    const Expected<std::string> bytes = to_onnx(network, flavour);
    ASSERT_FALSE(bytes);
    EXPECT_THAT(to_text(bytes.error()),
                testing::HasSubstr("pool: dilated average pooling has no form in ONNX"));
  }
}

}  // namespace
}  // namespace hwflow::train
