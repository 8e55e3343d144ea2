#include "train/prune/weight_refit.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/node_operations.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

bool is_refitted(const Node& node) {
  return node.kind == NodeKind::convolution || node.kind == NodeKind::fully_connected;
}

/// Pixels of a node's result: image, row, column, each (points).
struct Points {
  Tensor image, row, column;
};

Points points_of(const Node& node, std::size_t place, std::int64_t images,
                 const RefitOptions& options) {
  Rng rng = Rng::derive(options.seed, place);
  const std::int64_t pixels = node.shape.height * node.shape.width;
  const std::int64_t each = std::min<std::int64_t>(options.points_per_image, pixels);
  Points points{torch::empty({images * each}, torch::kInt64), {}, {}};
  points.row = torch::empty_like(points.image);
  points.column = torch::empty_like(points.image);
  for (std::int64_t i = 0; i < images * each; ++i) {
    points.image.data_ptr<std::int64_t>()[i] = i / each;
    points.row.data_ptr<std::int64_t>()[i] = rng.between(0, node.shape.height - 1);
    points.column.data_ptr<std::int64_t>()[i] = rng.between(0, node.shape.width - 1);
  }
  return points;
}

/// x[image, :, row, column]: (points, channels).
Tensor gathered(const Tensor& x, const Tensor& image, const Tensor& row, const Tensor& column) {
  using torch::indexing::Slice;
  return x.index({image, Slice(), row, column});
}

/// What a layer sums up at its points: (points, channels).
Tensor sums_at(const Node& node, const Tensor& x, const Tensor& weight, const Points& points) {
  if (node.kind == NodeKind::fully_connected)
    return connect_fully(x, weight, {}).index({points.image});
  return gathered(convolve(node, x, weight, {}), points.image, points.row, points.column);
}

/// What a layer reads for its points: (groups, points, inputs of a group times kernel).
Tensor inputs_at(const Node& node, const Tensor& x, const Points& points) {
  if (node.kind == NodeKind::fully_connected)
    return x.flatten(1).index({points.image}).unsqueeze(0);
  const ConvShape& c = node.conv;
  const Tensor padded = torch::constant_pad_nd(
      x, std::vector<std::int64_t>{c.pad_left, c.pad_right, c.pad_top, c.pad_bottom}, 0.0);
  std::vector<Tensor> taps;
  for (std::int64_t r = 0; r < c.kernel_height; ++r)
    for (std::int64_t s = 0; s < c.kernel_width; ++s)
      taps.push_back(gathered(padded, points.image,
                              points.row * c.stride_height + r * c.dilation_height,
                              points.column * c.stride_width + s * c.dilation_width));
  const Tensor all = torch::stack(taps, 2);  // (points, channels, kernel)
  return all.view({all.size(0), c.groups, -1}).permute({1, 0, 2});
}

/// W (groups, channels, inputs) of least |missed - x W'|^2 + ridge * s |W|^2, where s is the mean
/// over inputs of their sums of squares. By normal equations of the inputs or, where they are
/// fewer, of the points: a layer may have tens of thousands of inputs.
Tensor least_squares(const Tensor& x, const Tensor& missed, double ridge) {
  const Tensor x_of_inputs = x.transpose(1, 2);
  const bool has_many_points = x.size(1) >= x.size(2);
  const Tensor squares = has_many_points ? torch::bmm(x_of_inputs, x) : torch::bmm(x, x_of_inputs);
  const Tensor mean_square =
      squares.diagonal(0, 1, 2).sum(1).div(static_cast<double>(x.size(2))).clamp_min(1e-12);
  const Tensor pull = torch::eye(squares.size(1), torch::kFloat64).unsqueeze(0) *
                      (ridge * mean_square).view({x.size(0), 1, 1});
  const Tensor factor = torch::linalg_cholesky(squares + pull);
  const Tensor solved = has_many_points
                            ? torch::cholesky_solve(torch::bmm(x_of_inputs, missed), factor)
                            : torch::bmm(x_of_inputs, torch::cholesky_solve(missed, factor));
  return solved.transpose(1, 2);
}

/// Remembers the input of the layer that is about to run.
class WatchingModule : public NetworkModule {
 public:
  WatchingModule(const Network& network, const WeightMap& weights) : NetworkModule(network) {
    load_weights(*this, weights);
    eval();
  }
  Tensor input_of(std::size_t node, std::size_t edge, Tensor x) override {
    if (edge == 0 && is_refitted(network().nodes()[node])) input_ = x;
    return x;
  }

 protected:
  Tensor input_;
};

/// Collects what the layers of the whole network sum up.
class TargetModule final : public WatchingModule {
 public:
  TargetModule(const Network& network, const WeightMap& weights, const RefitOptions& options)
      : WatchingModule(network, weights), targets(network.nodes().size()), options_(options) {}

  Tensor weight_of(std::size_t node, Tensor weight) override {
    const Node& description = network().nodes()[node];
    if (!is_refitted(description)) return weight;
    const Points points = points_of(description, node, input_.size(0), options_);
    targets[node] = sums_at(description, input_, weight, points);
    return weight;
  }

  std::vector<Tensor> targets;  ///< per node: (points, channels)

 private:
  const RefitOptions& options_;
};

/// Refits each layer of the shrunk network right before it runs.
class RefitModule final : public WatchingModule {
 public:
  RefitModule(const ShrunkNetwork& shrunk, const WeightMap& weights,
              const std::vector<Tensor>& targets, const RefitOptions& options)
      : WatchingModule(shrunk.network, weights),
        kept_(shrunk.kept),
        targets_(targets),
        options_(options) {}

  Tensor weight_of(std::size_t node, Tensor weight) override {
    const Node& description = network().nodes()[node];
    if (!is_refitted(description)) return weight;
    const Points points = points_of(description, node, input_.size(0), options_);
    refit(tensors(node), inputs_at(description, input_, points).to(torch::kFloat64),
          targets_[node]
              .index_select(1, torch::tensor(kept_[node], torch::kInt64))
              .to(torch::kFloat64));
    return weight;  // changed in place
  }

 private:
  /// x (groups, points, inputs), y (points, channels).
  void refit(const NodeTensors& t, Tensor x, Tensor y) const {
    const bool has_constant = t.bias.defined() || t.norm_mean.defined();
    const std::int64_t groups = x.size(0);
    y = y.view({y.size(0), groups, -1}).permute({1, 0, 2});  // (groups, points, channels of one)
    const Tensor old = t.weight.to(torch::kFloat64).view({groups, y.size(2), x.size(2)});
    const Tensor x_mean = x.mean(1, true), y_mean = y.mean(1, true);
    if (has_constant) {
      x = x - x_mean;
      y = y - y_mean;
    }
    const Tensor missed = y - torch::bmm(x, old.transpose(1, 2));
    const Tensor change = least_squares(x, missed, options_.ridge);
    const Tensor fitted = old + change;
    t.weight.copy_(fitted.reshape(t.weight.sizes()));
    if (!has_constant) return;
    const Tensor constant = (y_mean - torch::bmm(x_mean, fitted.transpose(1, 2))).flatten();
    if (t.bias.defined()) {
      t.bias.add_(constant);
    } else {
      t.norm_mean.sub_(constant);
    }
  }

  const std::vector<std::vector<std::int64_t>>& kept_;
  const std::vector<Tensor>& targets_;
  const RefitOptions& options_;
};

}  // namespace

struct WeightRefit::State {
  RefitOptions options;
  Tensor images;
  std::vector<Tensor> targets;
};

WeightRefit::WeightRefit(const Network& network, const WeightMap& weights, const ImageSet& images,
                         const Normalization& normalization, const RefitOptions& options) {
  const torch::NoGradGuard no_gradients;
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), 0);
  Tensor x = to_tensor(images, normalization, all);
  TargetModule whole(network, weights, options);
  whole.forward(x);
  state_ = std::make_unique<const State>(State{options, std::move(x), std::move(whole.targets)});
}

WeightRefit::~WeightRefit() = default;

WeightMap WeightRefit::refitted(const ShrunkNetwork& shrunk, const WeightMap& weights) const {
  const torch::NoGradGuard no_gradients;
  RefitModule module(shrunk, weights, state_->targets, state_->options);
  module.forward(state_->images);
  return weights_of(module);
}

}  // namespace hwflow::train
