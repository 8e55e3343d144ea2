#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Errors grow with the rounding of each layer, fourfold for each bit, by a weight of its own; two
/// neighbouring layers at low widths do more harm than both by themselves. 2,000 images.
class FormulaAccuracy : public train::AccuracyModel {
 public:
  FormulaAccuracy(std::size_t layers, std::uint64_t seed) : seed_(seed) {
    Rng rng = Rng::derive(seed, 7);
    for (std::size_t i = 0; i < layers; ++i) {
      weights_.push_back(0.02 * std::exp(1.2 * rng.normal()));
      inputs_.push_back(0.02 * std::exp(1.2 * rng.normal()));
    }
  }
  std::string key() const override { return fmt::format("formula {}", seed_); }
  std::optional<train::PlanAccuracy> evaluate(const CompressionPlan& plan,
                                              std::stop_token) override {
    return train::PlanAccuracy{accuracy_of(plan), std::nullopt};
  }
  std::optional<train::AccuracyEstimate> confirm(const CompressionPlan& plan,
                                                 std::stop_token) override {
    return accuracy_of(plan);
  }
  train::AccuracyEstimate float_search_accuracy() override { return {1860, 2000}; }
  train::AccuracyEstimate float_confirmation_accuracy() override { return {1860, 2000}; }
  train::AccuracyEstimate float_test_accuracy() override { return {1860, 2000}; }
  std::optional<train::FinishedPlan> finish(const CompressionPlan&, const train::FinetuneOptions&,
                                            const train::ReportFinish&, std::stop_token) override {
    return std::nullopt;
  }

 private:
  [[nodiscard]] train::AccuracyEstimate accuracy_of(const CompressionPlan& plan) const {
    double loss = 0.0, before = 0.0;
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
      const double here = weights_[i] * std::pow(4.0, -(plan.layers[i].weights - 2)) +
                          inputs_[i] * std::pow(4.0, -(plan.layers[i].inputs - 2));
      loss += here + here * before;
      before = here;
    }
    const double top1 = 0.1 + 0.83 * std::exp(-loss);
    return {std::lround(2000.0 * top1), 2000};
  }

  std::uint64_t seed_;
  std::vector<double> weights_, inputs_;
};

}  // namespace hwflow::study
