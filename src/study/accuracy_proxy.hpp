#pragma once

#include <memory>
#include <string>

#include "study/study.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// `accuracy.method: proxy`: what stands in for an accuracy where there is no trained network or no
/// data to measure one with. Searches run as ever; nothing is confirmed, re-trained or exported.
///
///     capacity = geometric mean over layers with weights of
///                weights left / weights * weight bits / widest * input bits / widest
///
/// 1 for the whole network at the widest widths of the study. It says how evenly a plan takes from
/// all layers and how much, and nothing of what the network gets right: told as so many of 10^9.
class CapacityProxy final : public train::AccuracyModel {
 public:
  explicit CapacityProxy(const LoadedStudy& study);
  ~CapacityProxy() override;

  [[nodiscard]] std::string key() const override { return key_; }
  [[nodiscard]] std::optional<train::PlanAccuracy> evaluate(const CompressionPlan& plan,
                                                            std::stop_token stop) override;
  /// Nothing.
  [[nodiscard]] std::optional<train::AccuracyEstimate> confirm(const CompressionPlan& plan,
                                                               std::stop_token stop) override;
  /// 1.
  [[nodiscard]] train::AccuracyEstimate float_search_accuracy() override;
  /// Nothing.
  [[nodiscard]] train::AccuracyEstimate float_confirmation_accuracy() override { return {}; }
  [[nodiscard]] train::AccuracyEstimate float_test_accuracy() override { return {}; }
  /// None: there is nothing to train.
  [[nodiscard]] std::optional<train::FinishedPlan> finish(const CompressionPlan& plan,
                                                          const train::FinetuneOptions& options,
                                                          const train::ReportFinish& progress,
                                                          std::stop_token stop) override;

 private:
  struct State;
  std::unique_ptr<const State> state_;
  std::string key_;
};

/// What the reader of a result must know of it.
inline constexpr const char* kProxyCaveat =
    "No accuracy was measured: plans were ranked by a proxy, 'capacity', the geometric mean over "
    "layers of the shares of weights and bits that they leave. No claim is made of what the "
    "networks get right.";

[[nodiscard]] inline bool uses_proxy(const Study& study) {
  return study.accuracy.method == AccuracyMethod::proxy;
}

}  // namespace hwflow::study
