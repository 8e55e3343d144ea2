#include "tests/train/quant/random_integer_network.hpp"

#include <cmath>

#include "train/quant/integer_checks.hpp"
#include "train/quant/quantizer.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

Activation random_activation(Rng& rng) {
  constexpr Activation kChoices[] = {Activation::none, Activation::relu, Activation::relu,
                                     Activation::relu6};
  return kChoices[rng.below(4)];
}

/// Channels that every grouping divides.
std::int64_t random_channels(Rng& rng) { return 2 * rng.between(1, 10); }

class Builder {
 public:
  explicit Builder(Rng& rng) : rng_(rng) {}

  Network run() {
    at_ = network_.input({rng_.between(1, 4), rng_.between(5, 9), rng_.between(5, 9)});
    convolution();
    const std::int64_t blocks = rng_.between(1, 4);
    for (std::int64_t i = 0; i < blocks; ++i) block();
    if (rng_.below(2) == 0) at_ = network_.global_average_pool(name("global"), at_);
    network_.fully_connected("fc", at_, rng_.between(2, 10));
    return std::move(network_).finish("random");
  }

 private:
  std::string name(const std::string& what) { return what + std::to_string(counter_++); }

  void convolution() {
    const FeatureShape shape = network_.shape(at_);
    const std::int64_t kernel = std::min<std::int64_t>(rng_.between(1, 3), shape.height);
    at_ = network_.conv_bias(name("conv"), at_, random_channels(rng_),
                             {.kernel = std::min(kernel, shape.width),
                              .stride = rng_.between(1, 2),
                              .pad = rng_.between(0, 1)},
                             random_activation(rng_));
  }

  void grouped() {
    const std::int64_t channels = network_.channels(at_);
    const bool depthwise = rng_.below(2) == 0;
    at_ = network_.conv_bias(name("grouped"), at_, channels, {.kernel = 3, .stride = 1, .pad = 1},
                             random_activation(rng_), depthwise ? channels : 2);
  }

  void residual() {
    const NodeId branch =
        network_.conv_bias(name("branch"), at_, network_.channels(at_),
                           {.kernel = 3, .stride = 1, .pad = 1}, random_activation(rng_));
    at_ = network_.add(name("add"), branch, at_, random_activation(rng_));
  }

  void shortcut() {
    const std::int64_t channels = network_.channels(at_);
    const NodeId branch =
        network_.conv_bias(name("down"), at_, channels + 4, {.kernel = 3, .stride = 2, .pad = 1},
                           random_activation(rng_));
    Node node;
    node.name = name("subsample");
    node.kind = NodeKind::subsample;
    node.inputs = {at_};
    node.conv.stride_height = node.conv.stride_width = 2;
    node.channel_pad_before = node.channel_pad_after = 2;
    at_ = network_.add(name("add"), branch, network_.add(node), random_activation(rng_));
  }

  void pooling() {
    const FeatureShape shape = network_.shape(at_);
    if (shape.height < 2 || shape.width < 2) return;
    const bool has_room = shape.height > 2 && shape.width > 2;
    const Window window{.kernel = 2,
                        .stride = rng_.between(1, 2),
                        .dilation = has_room ? rng_.between(1, 2) : std::int64_t{1}};
    if (rng_.below(2) == 0)
      at_ = network_.max_pool(name("max"), at_, window);
    else
      at_ = network_.average_pool(name("mean"), at_, window);
  }

  void concatenation() {
    const NodeId branch = network_.conv_bias(name("side"), at_, random_channels(rng_),
                                             {.kernel = 1, .stride = 1}, random_activation(rng_));
    at_ = network_.concat(name("concat"), {at_, branch});
  }

  void padding() {
    Node node;
    node.name = name("pad");
    node.kind = NodeKind::pad;
    node.inputs = {at_};
    node.conv.pad_top = node.conv.pad_right = 1;
    at_ = network_.add(node);
  }

  void block() {
    switch (rng_.below(7)) {
      case 0: return convolution();
      case 1: return grouped();
      case 2: return residual();
      case 3: return shortcut();
      case 4: return pooling();
      case 5: return concatenation();
      default: return padding();
    }
  }

  Rng& rng_;
  NetworkBuilder network_;
  NodeId at_;
  int counter_ = 0;
};

/// Codes of one compute node; `size` is the magnitude of its real inputs, and then of its outputs.
IntegerCompute random_compute(Rng& rng, const Node& node, const QuantizerGrid& grid, int bits,
                              std::int64_t fan_in, double& size) {
  IntegerCompute compute;
  const CodeRange range = weight_range(bits, rng.below(2) == 0);
  compute.low = range.low;
  compute.high = range.high;
  compute.bits = bits;
  compute.shape = {node.shape.channels, fan_in};
  for (std::int64_t i = 0; i < node.shape.channels * fan_in; ++i)
    compute.codes.push_back(static_cast<std::int16_t>(
        bits == 1 ? (rng.below(2) == 0 ? -1 : 1) : rng.between(range.low, range.high)));
  const std::int64_t scales = rng.below(2) == 0 ? 1 : node.shape.channels;
  const double unit = 2.0 / (range.high * std::sqrt(static_cast<double>(fan_in)));
  for (std::int64_t i = 0; i < scales; ++i) compute.scales.push_back(unit * (0.5 + rng.uniform()));
  for (std::int64_t k = 0; k < node.shape.channels; ++k)
    compute.bias.push_back(static_cast<std::int64_t>(
        std::llround((rng.uniform() - 0.5) * size / (unit * grid.scale))));
  return compute;
}

}  // namespace

IntegerNetwork random_integer_network(Rng& rng, const RandomNetworkOptions& options) {
  return random_integers(rng, Builder(rng).run(), options);
}

IntegerNetwork random_integers(Rng& rng, Network network, const RandomNetworkOptions& options) {
  IntegerNetwork result{
      .network = std::move(network), .nodes = {}, .input_mean = {}, .input_std = {}, .plan = {}};
  const auto width = [&](int fixed) {
    return fixed != 0 ? fixed : static_cast<int>(rng.between(1, 8));
  };
  std::vector<double> sizes;
  for (const Node& node : result.network.nodes()) {
    double size = 1.0;
    IntegerNode integer;
    for (const NodeId id : node.inputs) size = sizes[static_cast<std::size_t>(id.value)];
    const bool computes =
        node.kind == NodeKind::convolution || node.kind == NodeKind::fully_connected;
    if (integer::is_arithmetic(node.kind)) {
      const int bits = computes ? width(options.input_bits) : 8;
      for (const NodeId id : node.inputs) {
        const CodeRange range = activation_range(bits, rng.below(2) == 0);
        const double reach = sizes[static_cast<std::size_t>(id.value)] * (0.8 + rng.uniform());
        integer.inputs.push_back({reach / range.high, range.low, range.high, bits});
      }
    }
    if (computes) {
      const bool full = node.kind == NodeKind::fully_connected;
      const FeatureShape input = result.network.node(node.inputs[0]).shape;
      const std::int64_t fan_in = full ? input.elements()
                                       : node.conv.in_channels / node.conv.groups *
                                             node.conv.kernel_height * node.conv.kernel_width;
      const int bits = width(options.weight_bits);
      integer.compute = random_compute(rng, node, integer.inputs[0], bits, fan_in, size);
      if (!full)
        integer.compute->shape = {node.shape.channels, node.conv.in_channels / node.conv.groups,
                                  node.conv.kernel_height, node.conv.kernel_width};
      result.plan.layers.push_back({bits, integer.inputs[0].bits});
    }
    if (node.kind == NodeKind::input)
      for (std::int64_t c = 0; c < node.shape.channels; ++c) {
        result.input_mean.push_back(static_cast<float>(0.3 + 0.4 * rng.uniform()));
        result.input_std.push_back(static_cast<float>(0.2 + 0.2 * rng.uniform()));
      }
    sizes.push_back(size);
    result.nodes.push_back(std::move(integer));
  }
  return result;
}

std::vector<std::uint8_t> random_images(Rng& rng, const IntegerNetwork& network,
                                        std::int64_t count) {
  const std::int64_t size = network.network.nodes().front().shape.elements();
  std::vector<std::uint8_t> pixels;
  for (std::int64_t i = 0; i < count * size; ++i)
    pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  return pixels;
}

}  // namespace hwflow::train
