#include "train/prune/batch_norm_estimation.hpp"

#include <torch/utils.h>

#include <numeric>
#include <vector>

#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"

namespace hwflow::train {

WeightMap estimate_batch_norm(const Network& network, const WeightMap& weights,
                              const ImageSet& images, const Normalization& normalization) {
  const torch::NoGradGuard no_gradients;
  NetworkModule module(network);
  load_weights(module, weights);
  const auto for_each_norm = [&](const auto& body) {
    for (std::size_t i = 0; i < network.nodes().size(); ++i)
      if (module.tensors(i).norm_mean.defined()) body(module.tensors(i));
  };
  // A pass in training mode normalises by the batch and moves running statistics towards it by a
  // share: from 0, they are that share of the batch's.
  for_each_norm([](const NodeTensors& t) {
    t.norm_mean.zero_();
    t.norm_variance.zero_();
  });
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), 0);
  module.train();
  module.forward(to_tensor(images, normalization, all));
  for_each_norm([](const NodeTensors& t) {
    t.norm_mean.div_(kBatchNormMomentum);
    t.norm_variance.div_(kBatchNormMomentum);
  });
  return weights_of(module);
}

}  // namespace hwflow::train
