#pragma once

#include <torch/utils.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "train/robust/classifier.hpp"
#include "train/robust/standing_images.hpp"

namespace hwflow::train::robust {

inline torch::Tensor random_tensor(const std::vector<std::int64_t>& shape, double deviation,
                                   Rng& rng) {
  torch::Tensor values = torch::empty(shape);
  for (std::int64_t i = 0; i < values.numel(); ++i)
    values.data_ptr<float>()[i] = static_cast<float>(deviation * rng.normal());
  return values;
}

/// logits = weight . pixels + bias; weight (classes, pixels).
class LinearClassifier : public Classifier {
 public:
  LinearClassifier(torch::Tensor weight, torch::Tensor bias)
      : weight_(std::move(weight)), bias_(std::move(bias)) {}
  torch::Tensor logits(const torch::Tensor& pixels) override {
    return torch::matmul(pixels.flatten(1), weight_.t()) + bias_;
  }
  [[nodiscard]] bool has_gradient() const override { return true; }

 private:
  torch::Tensor weight_, bias_;
};

/// Two layers with a smooth bend between them, weights random by the seed.
class BentClassifier : public Classifier {
 public:
  BentClassifier(std::int64_t pixels, std::int64_t classes, std::uint64_t seed,
                 double steepness = 3.0) {
    Rng rng(seed);
    first_ = random_tensor({8, pixels}, steepness, rng);
    shift_ = random_tensor({8}, 1.0, rng);
    second_ = random_tensor({classes, 8}, 1.0, rng);
  }
  torch::Tensor logits(const torch::Tensor& pixels) override {
    seen.push_back(pixels.detach().clone());
    const torch::Tensor hidden = torch::tanh(torch::matmul(pixels.flatten(1), first_.t()) + shift_);
    return torch::matmul(hidden, second_.t());
  }
  [[nodiscard]] bool has_gradient() const override { return true; }

  std::vector<torch::Tensor> seen;  ///< all that it was ever asked

 private:
  torch::Tensor first_, shift_, second_;
};

/// Answers like another, with a gradient that is `factor` times the true one: 0 hides it, -1 lies.
class MaskedClassifier : public Classifier {
 public:
  MaskedClassifier(std::unique_ptr<Classifier> inner, double factor)
      : inner_(std::move(inner)), factor_(factor) {}
  torch::Tensor logits(const torch::Tensor& pixels) override {
    const torch::Tensor answer = inner_->logits(pixels);
    return answer.detach() + factor_ * (answer - answer.detach());
  }
  [[nodiscard]] bool has_gradient() const override { return true; }

 private:
  std::unique_ptr<Classifier> inner_;
  double factor_;
};

/// Random images of (1, rows, columns) as bytes, kept off 0 and 255 by `rim`.
inline std::vector<std::uint8_t> random_bytes(std::int64_t count, int rim, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<std::uint8_t>(rng.between(rim, 255 - rim)));
  return bytes;
}

inline torch::Tensor classes_of(Classifier& classifier, const torch::Tensor& pixels) {
  const torch::NoGradGuard no_gradients;
  return classifier.logits(pixels).argmax(1);
}

/// All images of a box, labels as the judge has them, numbers 0, 1, ...
inline StandingImages standing(const PixelBox& box, const torch::Tensor& labels,
                               Classifier& judge) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < labels.numel(); ++i) numbers.push_back(i);
  return {box, labels, numbers, judge};
}

/// A linear problem of two classes whose images lie `margin` to the right side, so that the ball
/// reaches across where eps * ||w||_1 exceeds it.
struct LinearProblem {
  torch::Tensor weight;  ///< (pixels), of the margin
  std::unique_ptr<LinearClassifier> classifier;
};
/// Logits (w.x + b, 0, -100): three classes, the third out of the question. b puts the margin of
/// the image `center` at `margin`.
inline LinearProblem linear_problem(const torch::Tensor& center, double margin,
                                    std::uint64_t seed) {
  Rng rng(seed);
  const std::int64_t pixels = center.numel();
  torch::Tensor w = random_tensor({pixels}, 1.0, rng);
  torch::Tensor weight = torch::zeros({3, pixels});
  weight[0].copy_(w);
  torch::Tensor bias = torch::zeros({3});
  bias[0] = margin - torch::dot(w, center.flatten()).item<double>();
  bias[2] = -100.0;
  return {w, std::make_unique<LinearClassifier>(weight, bias)};
}

}  // namespace hwflow::train::robust
