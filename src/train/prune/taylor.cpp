#include "train/prune/taylor.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <numeric>

#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

/// dL/dz of every channel of a layer.
Tensor slopes(const Node& node, const NodeTensors& t) {
  if (t.norm_weight.defined())
    return t.norm_weight.detach() * t.norm_weight.grad() +
           t.norm_bias.detach() * t.norm_bias.grad();
  Tensor sums;
  if (node.kind == NodeKind::transposed_convolution) {
    // (inputs, outputs of a group, ...): inputs of a group together, then groups one after another.
    const Tensor products = (t.weight.detach() * t.weight.grad()).flatten(2).sum(2);
    sums = products.view({node.conv.groups, -1, products.size(1)}).sum(1).flatten();
  } else {
    sums = (t.weight.detach() * t.weight.grad()).flatten(1).sum(1);
  }
  return t.bias.defined() ? sums + t.bias.detach() * t.bias.grad() : sums;
}

}  // namespace

ChannelScores taylor_scores(const Network& network, const WeightMap& weights,
                            const ImageSet& images, const Normalization& normalization,
                            std::int64_t batch_size) {
  NetworkModule module(network);
  load_weights(module, weights);
  module.eval();
  ChannelScores scores(network.nodes().size());
  std::int64_t batches = 0;
  for (std::int64_t first = 0; first < images.count(); first += batch_size, ++batches) {
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::min(batch_size, images.count() - first)));
    std::iota(indices.begin(), indices.end(), first);
    std::vector<std::int64_t> labels;
    for (const std::int64_t i : indices)
      labels.push_back(images.labels[static_cast<std::size_t>(i)]);
    module.zero_grad();
    torch::cross_entropy_loss(module.forward(to_tensor(images, normalization, indices)),
                              torch::tensor(labels, torch::kInt64))
        .backward();
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const NodeTensors& t = module.tensors(i);
      if (!t.weight.defined()) continue;
      const Tensor squares =
          slopes(network.nodes()[i], t).square().to(torch::kFloat64).contiguous();
      scores[i].resize(static_cast<std::size_t>(squares.numel()), 0.0);
      for (std::size_t k = 0; k < scores[i].size(); ++k)
        scores[i][k] += squares.data_ptr<double>()[k];
    }
  }
  for (std::vector<double>& layer : scores)
    for (double& score : layer) score /= static_cast<double>(batches);
  return scores;
}

}  // namespace hwflow::train
