#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "chip/mapper/mapper.hpp"
#include "study/layer_bounds_model.hpp"
#include "study/layer_by_layer_model.hpp"
#include "study/run_store.hpp"
#include "study/search.hpp"
#include "study/study.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Input 4x8x8, three 3x3 convolutions (4, 4, 8 channels), one fully connected layer of 10.
[[nodiscard]] Network small_network();

/// DRAM, a buffer of 8 KiB, four units that compute 2, 4 and 8 bit; in memory.
[[nodiscard]] chip::Accelerator small_accelerator();

/// Search over the small network: 8 plans kept, 4 generations, widths 2, 4, 8.
[[nodiscard]] Study small_study();

/// A stand-in for a mapper: energy = MACs * weight bits * input bits + output bits of all outputs,
/// cycles = MACs * weight bits, DRAM traffic = the operands once. So a plan's cost is easy to work
/// out by hand.
[[nodiscard]] Expected<chip::MappingResult> map_by_formula(const Layer& layer);

/// Bounds below it: coarse has energy = MACs * weight bits, half its cycles and the weights as DRAM
/// traffic; mid has energy = MACs * weight bits * input bits, its cycles, and no outputs in DRAM.
/// So the levels do not agree on which of two plans is better.
[[nodiscard]] Expected<LayerCost> bound_by_formula(const Layer& layer, Abstraction model);

/// The models of the small network on these stand-ins.
struct SmallModels {
  SmallModels();
  LayerByLayerModel fine;
  LayerBoundsModel mid, coarse;
  [[nodiscard]] LevelModels all();
};

/// A stand-in for training. Of 1,000 images, layer i gets (8 - weights) * (i + 1) + (8 - inputs)
/// wrong, so that late layers matter most; of 2,000 others twice as many and, unless that is none,
/// 20 on top: the search was lucky. The test set has 200 images: 20 of them wrong in float
/// and a fourth of the search errors on top; re-training halves those, and leaves a fourth of the
/// errors of the 2,000 others.
class FakeAccuracyModel final : public train::AccuracyModel {
 public:
  [[nodiscard]] std::string key() const override { return "fake of tests"; }
  [[nodiscard]] std::optional<train::PlanAccuracy> evaluate(const CompressionPlan& plan,
                                                            std::stop_token stop) override;
  [[nodiscard]] std::optional<train::AccuracyEstimate> confirm(const CompressionPlan& plan,
                                                               std::stop_token stop) override;
  [[nodiscard]] train::AccuracyEstimate float_search_accuracy() override { return {1000, 1000}; }
  [[nodiscard]] train::AccuracyEstimate float_confirmation_accuracy() override {
    return {2000, 2000};
  }
  [[nodiscard]] train::AccuracyEstimate float_test_accuracy() override { return {180, 200}; }
  /// As if the channels of small_network() fell from the last group to the first.
  [[nodiscard]] std::vector<std::int32_t> counts_by_score(double share,
                                                          std::span<const std::size_t>) override;
  /// Of the plan alone; its nodes are empty.
  [[nodiscard]] std::optional<train::IntegerNetwork> integers(const CompressionPlan& plan,
                                                              std::stop_token stop) override;
  [[nodiscard]] std::optional<train::FinishedPlan> finish(const CompressionPlan& plan,
                                                          const train::FinetuneOptions& options,
                                                          const train::ReportFinish& progress,
                                                          std::stop_token stop) override;

  int scorings = 0;  ///< calls of counts_by_score()
  std::atomic<int> evaluations = 0;
  std::atomic<int> confirmations = 0;
  std::atomic<int> finishes = 0;
  /// Called in the middle of every re-training; may take its time.
  std::function<void()> within_finish;
  /// Called before every evaluation with its number; may throw or kill.
  std::function<void(int)> before_evaluation;
  /// What evaluate() was asked, in order; for one thread.
  std::vector<CompressionPlan> asked;
  bool remember_asked = false;
  /// As a model that trains each plan before it measures it: a stop ends that, and what it says
  /// comes with the confirmation.
  bool trains = false;
};

/// Search errors of a plan by the rule above.
[[nodiscard]] std::int64_t fake_errors(const CompressionPlan& plan);

/// An empty folder that is removed at the end of a test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::unique_ptr<RunStore> open_store(const std::filesystem::path& file);

}  // namespace hwflow::study
