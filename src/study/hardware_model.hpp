#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "chip/arch/accelerator.hpp"
#include "study/codesign_result.hpp"
#include "study/failure_predictor.hpp"
#include "study/study.hpp"
#include "workload/shrunk_networks.hpp"

namespace hwflow::study {

/// What one layer costs on one accelerator, or no mapping of it goes below.
struct LayerCost {
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  bool operator==(const LayerCost&) const = default;
};

/// What a layer is to a plan on an accelerator.
struct LayerLoad {
  double energy = 0.0, cycles = 0.0, dram_bits = 0.0;  ///< shares of the plan's
  double utilization = 0.0;    ///< 0..1: the cycles that its MACs need at least, by its cycles
  bool is_dram_bound = false;  ///< its DRAM bits take longer to read than its MACs to compute
};

/// Bits of the weights of all compute layers at the widths of a plan.
/// network  what the plan leaves of it.
[[nodiscard]] std::int64_t model_bits(const Network& network, const CompressionPlan& plan);
/// MACs of the layers of a plan, with their batch: what HardwareCost::macs is for every model.
[[nodiscard]] std::int64_t macs(std::span<const LoweredLayer> layers);

/// What plans cost on one accelerator, one inference of the batch of the study: the plug-in point
/// of Study::schedule.
///
/// What is known of one plan is used for others. Results do not depend on threads or on the order
/// of the plans.
class HardwareModel {
 public:
  HardwareModel(Network network, chip::Accelerator accelerator, const HardwareOptions& options);
  virtual ~HardwareModel();
  HardwareModel(const HardwareModel&) = delete;
  HardwareModel& operator=(const HardwareModel&) = delete;

  /// Finds schedules of all `plans` that were not prepared before. A stop request leaves plans
  /// out; then no costs may be asked.
  /// Errors  layers that have no mapping at all, each by name.
  [[nodiscard]] virtual Diagnostics prepare(std::span<const CompressionPlan> plans, int threads,
                                            std::stop_token stop) = 0;
  [[nodiscard]] Diagnostics prepare(std::span<const CompressionPlan> plans, int threads) {
    return prepare(plans, threads, {});
  }

  /// Cost of a prepared plan.
  [[nodiscard]] virtual HardwareCost cost(const CompressionPlan& plan) const = 0;
  /// How a prepared plan runs: its energies, cycles and DRAM bits add up to its cost.
  [[nodiscard]] virtual PlanSchedule schedule(const CompressionPlan& plan) const = 0;
  /// Layers of prepared plans that came up before at the same widths.
  [[nodiscard]] virtual std::int64_t layers_reused() const noexcept = 0;
  /// Schedules that were looked for: of distinct layers, or of distinct plans that run fused.
  [[nodiscard]] virtual std::int64_t schedules_searched() const noexcept = 0;

  /// What a layer of a prepared plan costs by itself, by its shape key; none: it is not known, or
  /// layers do not cost anything by themselves.
  [[nodiscard]] virtual std::optional<LayerCost> layer_cost(const std::string& shape) const = 0;
  /// What layer_cost() of other plans and, where it is none, `coarser` say of a plan: no more than
  /// its cost. `coarser` is a lower bound of this model that has prepared the plan.
  [[nodiscard]] HardwareCost lower_bound(const CompressionPlan& plan,
                                         const HardwareModel& coarser) const;

  /// Bits of the weights that a plan leaves, at its widths; prepared or not.
  [[nodiscard]] std::int64_t model_bits_of(const CompressionPlan& plan) const {
    return model_bits(*network_of(plan), plan);
  }
  /// From now on costs tell the failure rates that it predicts.
  void predict_failures(std::shared_ptr<const FailurePredictor> predictor) {
    predictor_ = std::move(predictor);
  }
  /// What that predicts, else nothing; of a plan that is prepared or not.
  [[nodiscard]] FailurePredictor::Rate failures_of(const CompressionPlan& plan) const;
  /// Of what a plan leaves of the network; prepared or not.
  [[nodiscard]] NetworkSize size_of(const CompressionPlan& plan) const;
  /// MACs that a plan leaves, prepared or not.
  [[nodiscard]] std::int64_t macs_of(const CompressionPlan& plan) const {
    return macs(lowered(plan));
  }
  /// By layer of a prepared plan, as CompressionPlan::layers; empty: layers do not cost anything by
  /// themselves.
  [[nodiscard]] std::vector<LayerLoad> layer_loads(const CompressionPlan& plan) const;

  /// What LayerDetails::energy_by_component_pj is divided into: level names, NoC, MAC, leakage.
  [[nodiscard]] std::vector<std::string> energy_components() const;
  /// Whole, whatever plans leave of it.
  [[nodiscard]] const Network& network() const noexcept { return networks_.whole(); }
  [[nodiscard]] const chip::Accelerator& accelerator() const noexcept { return accelerator_; }

 protected:
  [[nodiscard]] const LoweringOptions& lowering() const noexcept { return lowering_; }
  /// What a plan leaves of the network.
  [[nodiscard]] std::shared_ptr<const Network> network_of(const CompressionPlan& plan) const {
    return networks_.of(plan);
  }
  [[nodiscard]] std::vector<LoweredLayer> lowered(const CompressionPlan& plan) const {
    return lower(*network_of(plan), plan, lowering_);
  }

 private:
  ShrunkNetworks networks_;
  chip::Accelerator accelerator_;
  LoweringOptions lowering_;
  std::shared_ptr<const FailurePredictor> predictor_;  ///< null: failures are not predicted
};

/// How the plans of a study become layers on an accelerator.
[[nodiscard]] LoweringOptions lowering_options(const HardwareOptions& options,
                                               const chip::Accelerator& accelerator);
/// Adds a layer to a plan's cost.
void add(HardwareCost& total, const LayerCost& layer);
/// Problems of a layer, placed at it.
[[nodiscard]] Diagnostics of_layer(Diagnostics problems, const Layer& layer,
                                   const chip::Accelerator& accelerator);
/// Weights of every compute layer, without biases.
[[nodiscard]] std::vector<std::int64_t> layer_weights(const Network& network);
/// Place of a node in CompressionPlan::layers; none: it is no compute node.
[[nodiscard]] std::optional<std::size_t> plan_index(const Network& network, NodeId node);

}  // namespace hwflow::study
