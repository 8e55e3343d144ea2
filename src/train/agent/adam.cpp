#include "train/agent/adam.hpp"

#include <cmath>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

constexpr double kMeanDecay = 0.9, kSquareDecay = 0.999;
constexpr float kEpsilon = 1e-8F;

}  // namespace

Adam::Adam(std::size_t parameters, double learning_rate)
    : learning_rate_(learning_rate), mean_(parameters, 0.0F), square_(parameters, 0.0F) {}

void Adam::step(std::span<float> parameters, std::span<const float> gradient) {
  HWFLOW_CHECK(parameters.size() == mean_.size() && gradient.size() == mean_.size(),
               "parameters of another network");
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const auto rate = static_cast<float>(learning_rate_ / (1.0 - std::pow(kMeanDecay, t)));
  const auto scale = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(kSquareDecay, t)));
  constexpr auto kMean = static_cast<float>(kMeanDecay);
  constexpr auto kSquare = static_cast<float>(kSquareDecay);
  const std::size_t count = mean_.size();
  float* mean = mean_.data();
  float* square = square_.data();
  float* values = parameters.data();
  const float* g = gradient.data();
  for (std::size_t i = 0; i < count; ++i) {
    mean[i] = kMean * mean[i] + (1.0F - kMean) * g[i];
    square[i] = kSquare * square[i] + (1.0F - kSquare) * g[i] * g[i];
    values[i] -= rate * mean[i] / (std::sqrt(square[i]) * scale + kEpsilon);
  }
}

}  // namespace hwflow::train
