#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapper/mapper.hpp"
#include "study/codesign_result.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// What plans cost on one accelerator: the sum of the best mappings of their layers, one after
/// another.
///
/// Layers of equal shape and widths are mapped once, whichever plan they belong to. Results do not
/// depend on threads or on the order of the plans.
class HardwareModel {
 public:
  /// Best mapping of one layer; called from several threads at once.
  using MapLayer = std::function<Expected<chip::MappingResult>(const Layer&)>;

  HardwareModel(Network network, chip::Accelerator accelerator, const HardwareOptions& options,
                MapLayer map_layer);
  ~HardwareModel();

  /// Maps every layer of `plans` that was not mapped before. A stop request leaves layers out;
  /// then no costs may be asked.
  /// Errors  layers that have no mapping at all, each by name.
  [[nodiscard]] Diagnostics prepare(std::span<const PrecisionPlan> plans, int threads,
                                    std::stop_token stop = {});

  /// Cost of a prepared plan.
  [[nodiscard]] HardwareCost cost(const PrecisionPlan& plan) const;
  /// The layers of a prepared plan in order.
  [[nodiscard]] std::vector<LayerDetails> details(const PrecisionPlan& plan) const;
  /// What LayerDetails::energy_by_component_pj is divided into: level names, NoC, MAC, leakage.
  [[nodiscard]] std::vector<std::string> energy_components() const;

  [[nodiscard]] const Network& network() const noexcept { return network_; }
  [[nodiscard]] const chip::Accelerator& accelerator() const noexcept { return accelerator_; }
  [[nodiscard]] std::int64_t layers_mapped() const noexcept;
  /// Layers of prepared plans that were mapped already.
  [[nodiscard]] std::int64_t layers_reused() const noexcept;

 private:
  struct Cells;
  [[nodiscard]] std::vector<LoweredLayer> lowered(const PrecisionPlan& plan) const;

  Network network_;
  chip::Accelerator accelerator_;
  LoweringOptions lowering_;
  MapLayer map_layer_;
  std::unique_ptr<Cells> cells_;
};

/// Bits of the weights of all compute layers at the widths of a plan.
[[nodiscard]] std::int64_t model_bits(const Network& network, const PrecisionPlan& plan);
/// Weights of every compute layer, without biases.
[[nodiscard]] std::vector<std::int64_t> layer_weights(const Network& network);

}  // namespace hwflow::study
