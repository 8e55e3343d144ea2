#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "train/quant/calibration.hpp"
#include "train/quant/plan_cache.hpp"

namespace hwflow::train {

/// Runs the integer networks of many plans of one calibrated network on the same images and shares
/// what the plans have in common (docs/quantization.md, "What plans share"). Results are those of
///
///     IntegerExecutor::make(*to_integer_network(*calibrated.quantize(plan, lsq, reestimate)))
///
/// whatever was run before, at the same time, or kept. Thread-safe.
/// Checked by  tests/train/quant/plan_runner_test.cpp, against that.
class PlanRunner {
 public:
  /// `pixels`: the images that all plans are run on (planes of bytes), which outlive the runner.
  PlanRunner(std::shared_ptr<CalibratedNetwork> calibrated, std::span<const std::uint8_t> pixels,
             std::int64_t count, bool reestimate, std::size_t cache_bytes);

  /// True where every code of the plan's integer network fits a byte.
  [[nodiscard]] bool can_run(const CompressionPlan& plan) const;

  /// Class of each image (the first one of equal logits).
  [[nodiscard]] std::vector<std::int32_t> predict(const CompressionPlan& plan);
  /// Of other images, whose codes are not kept; corrections are shared.
  [[nodiscard]] std::vector<std::int32_t> predict(const CompressionPlan& plan,
                                                  std::span<const std::uint8_t> pixels,
                                                  std::int64_t count);

  /// MACs per image of all layers that predict() ran on the images of all plans.
  [[nodiscard]] std::int64_t macs_run() const { return macs_run_; }
  [[nodiscard]] std::size_t cache_bytes() const {
    return cache_.activations.bytes() + cache_.corrections.bytes();
  }

 private:
  struct Integers {
    IntegerNetwork network;
    std::vector<integer::SharedWeights> weights;
  };
  [[nodiscard]] Integers uncorrected(const CompressionPlan& plan);
  void correct(const CompressionPlan& plan, Integers& integers);
  [[nodiscard]] integer::Plan compile(const CompressionPlan& plan);

  std::shared_ptr<CalibratedNetwork> calibrated_;
  std::span<const std::uint8_t> pixels_;
  std::int64_t count_;
  bool reestimate_;
  std::vector<int> layers_;  ///< per node: its place in a plan, or -1
  PlanCache cache_;
  std::atomic<std::int64_t> macs_run_ = 0;
};

}  // namespace hwflow::train
