#include "train/agent/dense_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hwflow::train {
namespace {

using Sizes = std::vector<std::size_t>;

/// The network once more, in double precision, neuron by neuron, from parameters in the order that
/// the header promises; then the sum of all outputs times `weights`.
double weighted_outputs(const Sizes& sizes, const std::vector<double>& parameters,
                        const std::vector<double>& inputs, const std::vector<float>& weights) {
  const std::size_t rows = inputs.size() / sizes.front();
  double sum = 0.0;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<double> x(inputs.begin() + static_cast<std::ptrdiff_t>(row * sizes.front()),
                          inputs.begin() + static_cast<std::ptrdiff_t>((row + 1) * sizes.front()));
    std::size_t place = 0;
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      std::vector<double> y(sizes[l + 1]);
      for (std::size_t o = 0; o < y.size(); ++o) {
        y[o] = parameters[place + sizes[l] * sizes[l + 1] + o];
        for (std::size_t i = 0; i < sizes[l]; ++i) {
          y[o] += x[i] * parameters[place + i * sizes[l + 1] + o];
        }
        if (l + 2 < sizes.size()) y[o] = std::max(y[o], 0.0);
      }
      place += (sizes[l] + 1) * sizes[l + 1];
      x = y;
    }
    for (std::size_t o = 0; o < x.size(); ++o) sum += weights[row * x.size() + o] * x[o];
  }
  return sum;
}

template <class To, class From>
std::vector<To> converted(const From& values) {
  std::vector<To> result;
  for (const auto value : values) result.push_back(static_cast<To>(value));
  return result;
}

TEST(DenseNetwork, TwoLayersByHand) {
  DenseNetwork network({2, 2, 1});
  // h = relu(x1 - x2 + 1, 2 x1 + 3 x2 - 4); y = 5 h1 - h2 + 0.5
  const std::vector<float> parameters{1, 2, -1, 3, 1, -4, 5, -1, 0.5};
  ASSERT_EQ(network.parameters().size(), parameters.size());
  std::ranges::copy(parameters, network.parameters().begin());
  // (1, 0): h = (2, 0), y = 10.5.  (0, 2): h = (0, 2), y = -1.5.
  const DenseNetwork::Trace trace = network.forward({1, 0, 0, 2});
  EXPECT_EQ(trace.outputs(), (std::vector<float>{10.5, -1.5}));
  std::vector<float> gradient(parameters.size(), 0.0F);
  // Of y: first example 1, second 2. Only the unit that is not 0 passes anything on.
  // inputs: 1 * 5 * (1, -1) and 2 * -1 * (2, 3)
  EXPECT_EQ(network.backward(trace, {1, 2}, gradient), (std::vector<float>{5, -5, -4, -6}));
  // first layer: unit 1 gets 5 * (1, 0), unit 2 gets -2 * (0, 2); second: 1 * 2 and 2 * 2; bias 3
  EXPECT_EQ(gradient, (std::vector<float>{5, 0, 0, -4, 5, -2, 2, 4, 3}));
}

TEST(DenseNetwork, GradientsAreFiniteDifferences) {
  Rng rng(11);
  const Sizes sizes{5, 9, 12, 3};
  DenseNetwork network(sizes);
  network.randomise(rng, Sizes{3, 2});
  std::vector<float> inputs(7 * 5), weights(7 * 3);
  for (float& value : inputs) value = static_cast<float>(rng.normal());
  for (float& value : weights) value = static_cast<float>(rng.normal());
  const DenseNetwork::Trace trace = network.forward(inputs);
  std::vector<float> gradient(network.parameters().size(), 0.0F);
  const std::vector<float> input_gradient = network.backward(trace, weights, gradient);
  EXPECT_EQ(network.backward(trace, weights, {}), input_gradient);

  auto parameters = converted<double>(network.parameters());
  auto points = converted<double>(inputs);
  const auto slope = [&](double& value) {
    constexpr double kStep = 1e-6;
    const double before = value;
    value = before + kStep;
    const double above = weighted_outputs(sizes, parameters, points, weights);
    value = before - kStep;
    const double below = weighted_outputs(sizes, parameters, points, weights);
    value = before;
    return (above - below) / (2.0 * kStep);
  };
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    ASSERT_NEAR(gradient[i], slope(parameters[i]), 1e-4) << "parameter " << i;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    ASSERT_NEAR(input_gradient[i], slope(points[i]), 1e-4) << "input " << i;
  }
}

TEST(DenseNetwork, StartsWithinTheBoundsOfItsInputs) {
  Rng rng(5);
  DenseNetwork network({101, 50, 4});
  network.randomise(rng, Sizes{100, 1});
  const auto largest = [&](std::size_t from, std::size_t count) {
    float most = 0.0F;
    for (const float w : network.parameters().subspan(from, count))
      most = std::max(most, std::abs(w));
    return most;
  };
  // The largest of n uniform draws is above 0.9 of its bound but for one case in 0.9^-n.
  EXPECT_LE(largest(0, 5000), 0.1F);  // 100 inputs: 1 / 10
  EXPECT_GE(largest(0, 5000), 0.09F);
  EXPECT_LE(largest(5000, 50), 1.0F);  // the input by itself
  EXPECT_GE(largest(5000, 50), 0.9F);
  EXPECT_LE(largest(5050, 50), 1.1F);  // both layers' biases
  const float second = 1.0F / std::sqrt(50.0F);
  EXPECT_LE(largest(5100, 200), second);
  EXPECT_GE(largest(5100, 200), 0.9F * second);
}

}  // namespace
}  // namespace hwflow::train
