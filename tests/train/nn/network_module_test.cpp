#include "train/nn/network_module.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <map>

#include "tests/train/nn/small_networks.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;
using torch::Tensor;

/// input 1x1x2 -> two branches that scale by 2 and by 3 -> their sum and their product -> concat.
Network branching_network() {
  Node left = make_node("left", NodeKind::convolution, {0});
  Node right = make_node("right", NodeKind::convolution, {0});
  right.has_bias = true;
  Node relu = make_node("cut", NodeKind::activation, {2});
  relu.activation = Activation::relu;
  const Node sum = make_node("sum", NodeKind::add, {1, 3});
  const Node product = make_node("product", NodeKind::multiply, {1, 2});
  const Node both = make_node("both", NodeKind::concat, {4, 5, 0});
  return Network::make("branches", {make_input({1, 1, 2}), left, right, relu, sum, product, both})
      .value();
}

WeightMap branching_weights() {
  return {{"left.weight", {{1, 1, 1, 1}, {2.0F}}},
          {"right.weight", {{1, 1, 1, 1}, {3.0F}}},
          {"right.bias", {{1}, {-4.0F}}}};
}

TEST(NetworkModule, ExecutesAGraphByHand) {
  NetworkModule module(branching_network());
  load_weights(module, branching_weights());
  module.eval();
  // x = (1, 2): left = (2, 4), right = (-1, 2), cut = (0, 2), sum = (2, 6), product = (-2, 8).
  const Tensor y = module.forward(torch::tensor({1.0F, 2.0F}).view({1, 1, 1, 2}));
  ASSERT_EQ(y.sizes(), (std::vector<std::int64_t>{1, 3, 1, 2}));
  EXPECT_TRUE(torch::equal(y.flatten(), torch::tensor({2.0F, 6.0F, -2.0F, 8.0F, 1.0F, 2.0F})));
}

/// Counts the hook calls and lets every weight and bias be doubled.
class Doubling : public NetworkModule {
 public:
  using NetworkModule::NetworkModule;
  Tensor input_of(std::size_t node, std::size_t edge, Tensor x) override {
    ++inputs[{node, edge}];
    return x;
  }
  Tensor weight_of(std::size_t node, Tensor weight) override {
    ++weights[node];
    return 2.0 * weight;
  }
  Tensor bias_of(std::size_t node, Tensor bias) override {
    ++biases[node];
    return 2.0 * bias;
  }
  std::map<std::pair<std::size_t, std::size_t>, int> inputs;
  std::map<std::size_t, int> weights, biases;
};

TEST(NetworkModule, HooksSeeEveryEdgeOfArithmeticNodesAndEveryWeight) {
  Doubling module(branching_network());
  load_weights(module, branching_weights());
  const Tensor y = module.forward(torch::tensor({1.0F, 2.0F}).view({1, 1, 1, 2}));
  // left = (4, 8), right = (-2, 4), cut = (0, 4), sum = (4, 12), product = (-8, 32).
  EXPECT_TRUE(torch::equal(y.flatten(), torch::tensor({4.0F, 12.0F, -8.0F, 32.0F, 1.0F, 2.0F})));
  const std::map<std::pair<std::size_t, std::size_t>, int> edges{
      {{1, 0}, 1}, {{2, 0}, 1}, {{4, 0}, 1}, {{4, 1}, 1}, {{5, 0}, 1}, {{5, 1}, 1}};
  EXPECT_EQ(module.inputs, edges);  // not the activation, not the concat
  EXPECT_EQ(module.weights, (std::map<std::size_t, int>{{1, 1}, {2, 1}}));
  EXPECT_EQ(module.biases, (std::map<std::size_t, int>{{2, 1}}));
}

/// Remembers the inputs of the first convolution without keeping them alive.
class Watching : public NetworkModule {
 public:
  using NetworkModule::NetworkModule;
  Tensor input_of(std::size_t node, std::size_t, Tensor x) override {
    if (node == 1) first_output_reader = c10::weak_intrusive_ptr(x.getIntrusivePtr());
    if (node == 3) alive_at_third = !first_output_reader.expired();
    return x;
  }
  c10::weak_intrusive_ptr<c10::TensorImpl> first_output_reader{
      c10::intrusive_ptr<c10::TensorImpl>()};
  bool alive_at_third = true;
};

TEST(NetworkModule, DropsATensorAfterItsLastReader) {
  std::vector<Node> nodes{make_input({1, 4, 4})};
  for (int i = 1; i <= 3; ++i) {
    nodes.push_back(make_node("c" + std::to_string(i), NodeKind::convolution, {i - 1}));
  }
  Watching module(Network::make("chain", nodes).value());
  torch::NoGradGuard no_gradients;
  (void)module.forward(torch::ones({1, 1, 4, 4}));
  EXPECT_FALSE(module.alive_at_third);
}

TEST(NetworkModule, ParametersAreCalledAsInAWeightMap) {
  const Network network = *make_builtin_network("resnet20b");
  const NetworkModule module(network);
  std::map<std::string, std::vector<std::int64_t>> found;
  for (const auto& item : module.named_parameters()) found[item.key()] = item.value().sizes().vec();
  for (const auto& item : module.named_buffers()) found[item.key()] = item.value().sizes().vec();
  EXPECT_EQ(found, expected_tensors(network));
}

TEST(NetworkModule, WeightsComeBackAsLoaded) {
  const Network network = *make_builtin_network("fmnist_resnet");
  NetworkModule module(network);
  const WeightMap weights = random_weights(network, 3);
  load_weights(module, weights);
  EXPECT_EQ(weights_of(module), weights);
  WeightMap fewer = weights;
  fewer.erase("linear.bias");
  EXPECT_THROW(load_weights(module, fewer), InternalError);
}

TEST(NetworkModule, BatchNormUsesTheBatchInTrainingAndTheStatisticsInEvaluation) {
  Node conv = make_node("c", NodeKind::convolution, {0});
  conv.has_batch_norm = true;
  conv.batch_norm_epsilon = 0.0;
  NetworkModule module(Network::make("n", {make_input({1, 1, 2}), conv}).value());
  load_weights(module, {{"c.weight", {{1, 1, 1, 1}, {1.0F}}},
                        {"c.batch_norm.weight", {{1}, {2.0F}}},
                        {"c.batch_norm.bias", {{1}, {1.0F}}},
                        {"c.batch_norm.running_mean", {{1}, {3.0F}}},
                        {"c.batch_norm.running_var", {{1}, {4.0F}}}});
  const Tensor x = torch::tensor({5.0F, 9.0F}).view({1, 1, 1, 2});
  module.eval();  // (x - 3) / 2 * 2 + 1 = (3, 7)
  EXPECT_TRUE(torch::equal(module.forward(x).flatten(), torch::tensor({3.0F, 7.0F})));
  module.train();  // mean 7, deviation 2: (-1, 1) * 2 + 1 = (-1, 3)
  EXPECT_TRUE(torch::allclose(module.forward(x).flatten(), torch::tensor({-1.0F, 3.0F})));
  // A tenth of the batch enters the statistics: 0.9 * 3 + 0.1 * 7, and unbiased variance 8.
  EXPECT_NEAR(module.tensors(1).norm_mean.item<double>(), 3.4, 1e-6);
  EXPECT_NEAR(module.tensors(1).norm_variance.item<double>(), 4.4, 1e-6);
}

TEST(NetworkModule, InitialisationFollowsHeAndTheSeed) {
  const Network network = *make_builtin_network("resnet20");
  NetworkModule module(network);
  initialise(module, 5);
  const std::size_t last = static_cast<std::size_t>(network.find("layer3.2.conv2")->value);
  const Tensor weight = module.tensors(last).weight;
  // 36,864 values of variance 2 / (64 * 9); the variance of their variance is 2 / n.
  EXPECT_NEAR(weight.var().item<double>() * 576.0 / 2.0, 1.0, 5.0 * std::sqrt(2.0 / 36'864.0));
  const WeightMap first = weights_of(module);
  initialise(module, 5);
  EXPECT_EQ(weights_of(module), first);
  initialise(module, 6);
  EXPECT_NE(weights_of(module), first);
}

TEST(NetworkModule, NamesWhatItCannotExecute) {
  Node product = make_node("attend", NodeKind::matrix_product, {0, 1});
  Node second = make_input({1, 2, 2});
  second.name = "second";
  const auto network = Network::make("two", {make_input({1, 2, 2}), second, product});
  ASSERT_TRUE(network) << to_text(network.error());
  const Diagnostics problems = unsupported_parts(network.value());
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems[0].place, HasSubstr("attend"));
  EXPECT_THAT(problems[1].reason, HasSubstr("2 inputs"));
  EXPECT_THROW(NetworkModule{network.value()}, InternalError);
}

TEST(NetworkModule, RefusesLayersThatOnlyCostModelsUnderstand) {
  Node sum = make_node("difference", NodeKind::add, {0, 0});
  sum.not_executable = "a subtraction, kept as an addition";
  const auto network = Network::make("approximate", {make_input({1, 2, 2}), sum});
  const Diagnostics problems = unsupported_parts(network.value());
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0].place, HasSubstr("difference"));
  EXPECT_THAT(problems[0].reason, HasSubstr("a subtraction"));
  EXPECT_THROW(NetworkModule{network.value()}, InternalError);
}

}  // namespace
}  // namespace hwflow::train
