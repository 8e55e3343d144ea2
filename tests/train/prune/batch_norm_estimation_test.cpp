#include "train/prune/batch_norm_estimation.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/prune/made_images.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

/// The witness: what the second norm reads, computed by hand from the first one's statistics.
TEST(EstimateBatchNorm, StatisticsAreThoseOfTheImagesLayerAfterLayer) {
  NetworkBuilder builder;
  NodeId x = builder.input({1, 6, 6});
  x = builder.conv_bn("a", x, 3, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bn("b", x, 2, {.kernel = 3, .pad = 1}, Activation::relu);
  builder.fully_connected("last", x, 3);
  const Network network = std::move(builder).finish("two norms");
  NetworkModule module(network);
  initialise(module, 1);
  const ImageSet set = made_images(20, 1, 6, 3);
  const Normalization normalization{{0.5F}, {0.25F}};
  const WeightMap found = estimate_batch_norm(network, weights_of(module), set, normalization);

  const torch::NoGradGuard no_gradients;
  std::vector<std::int64_t> all(20);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  Tensor y = to_tensor(set, normalization, all);
  for (const std::size_t node : {1U, 2U}) {
    const NodeTensors& t = module.tensors(node);
    y = torch::conv2d(y, t.weight, {}, 1, 1);
    const Tensor mean = y.mean({0, 2, 3});
    const Tensor variance = y.var({0, 2, 3}, /*unbiased=*/true);
    const std::string norm = network.nodes()[node].name + ".batch_norm.";
    const auto expect_equal = [&](const Tensor& expected, const std::string& name) {
      for (std::int64_t k = 0; k < expected.numel(); ++k)
        EXPECT_NEAR(found.at(norm + name).values[static_cast<std::size_t>(k)],
                    expected[k].item<float>(), 1e-4)
            << norm + name;
    };
    expect_equal(mean, "running_mean");
    expect_equal(variance, "running_var");
    const Tensor biased = y.var({0, 2, 3}, /*unbiased=*/false);
    y = torch::relu((y - mean.view({1, -1, 1, 1})) /
                    torch::sqrt(biased + 1e-5).view({1, -1, 1, 1}));
  }
  // Nothing else changes.
  const WeightMap before = weights_of(module);
  for (const auto& [name, tensor] : before) {
    if (name.find("running") != std::string::npos) continue;
    EXPECT_EQ(found.at(name), tensor) << name;
  }
}

}  // namespace
}  // namespace hwflow::train
