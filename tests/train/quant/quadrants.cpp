#include "tests/train/quant/quadrants.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "train/nn/training.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

/// Residual block with an option-A shortcut, max pooling, a depthwise layer and relu6.
Network small_network() {
  NetworkBuilder b;
  const NodeId input = b.input({2, 12, 12});
  const NodeId first =
      b.conv_bn("first", input, 8, {.kernel = 3, .stride = 1, .pad = 1}, Activation::relu);
  const NodeId branch =
      b.conv_bn("branch", first, 12, {.kernel = 3, .stride = 2, .pad = 1}, Activation::none);
  Node shortcut;
  shortcut.name = "shortcut";
  shortcut.kind = NodeKind::subsample;
  shortcut.inputs = {first};
  shortcut.conv.stride_height = shortcut.conv.stride_width = 2;
  shortcut.channel_pad_before = shortcut.channel_pad_after = 2;
  const NodeId sum = b.add("sum", branch, b.add(shortcut), Activation::relu);
  const NodeId depthwise =
      b.depthwise_bn("depthwise", sum, {.kernel = 3, .stride = 1, .pad = 1}, Activation::relu6);
  const NodeId pooled = b.max_pool("pooled", depthwise, {.kernel = 2, .stride = 2});
  b.fully_connected("last", b.global_average_pool("mean", pooled), 4);
  return std::move(b).finish("small");
}

/// Four classes: which quadrant of the image is bright.
ImageSet quadrants(std::int64_t count, std::uint64_t seed) {
  ImageSet images{.name = "quadrants",
                  .channels = 2,
                  .height = 12,
                  .width = 12,
                  .classes = 4,
                  .pixels = {},
                  .labels = {}};
  Rng rng(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::int64_t>(rng.below(4));
    images.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t c = 0; c < 2; ++c)
      for (std::int64_t y = 0; y < 12; ++y)
        for (std::int64_t x = 0; x < 12; ++x) {
          const bool bright = (y < 6) == (label < 2) && (x < 6) == (label % 2 == 0);
          const std::int64_t mean = bright ? (c == label % 2 ? 170 : 120) : 90;
          images.pixels.push_back(
              static_cast<std::uint8_t>(mean + static_cast<std::int64_t>(rng.below(85))));
        }
  }
  return images;
}

}  // namespace

const Trained& trained() {
  static const Trained result = [] {
    Trained t{.network = small_network(), .data = {}, .weights = {}, .options = {}};
    t.data = std::make_shared<const Dataset>(
        Dataset{.train = quadrants(1200, 1), .test = quadrants(600, 2), .files = {}});
    t.options.normalization = {{0.5F, 0.4F}, {0.25F, 0.25F}};
    t.options.search_images = 200;
    t.options.calibration.images = 64;
    TrainOptions o;
    o.epochs = 3;
    o.batch_size = 50;
    o.learning_rate = 0.05;
    o.warmup_epochs = 0.0;
    auto run = train_network(t.network, std::nullopt, t.data->train, t.options.normalization, o);
    t.weights = run.value().weights;
    return t;
  }();
  return result;
}

std::shared_ptr<CalibratedNetwork> calibrated_quadrants() {
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  return CalibratedNetwork::make(folded.network, folded.weights, trained().data->train, indices,
                                 trained().options.normalization, {})
      .value();
}

QuantizedNetwork quantize_quadrants(const CompressionPlan& plan, QuantizerMethod method) {
  return calibrated_quadrants()->quantize(plan, method);
}

}  // namespace hwflow::train
