#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/design_point.hpp"
#include "study/hardware_cost.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// A plan and a design: no other pair is at least as good in accuracy and all costs.
struct DesignPair {
  std::size_t evaluated = 0;  ///< into CodesignResult::evaluated
  DesignPoint point;
  std::string design;  ///< "8 x 64 x 8, 4096 / 4096 entries"
};

/// A plan that the search looked at, measured or not.
struct StrategySummary {
  CompressionPlan plan;
  int generation = 0;
  bool passes = false;              ///< some design runs it within the limits
  std::optional<double> violation;  ///< 0 when that is so, none when no design runs it at all;
                                    ///< see DesignGate
  double volume = 0.0;              ///< share of the box that its designs dominate
  std::int64_t designs = 0;         ///< on its front
  std::int64_t inside = 0;          ///< of these within the limits
  bool is_kept = false;  ///< its designs count for pairs: all measured ones that pass (nested),
                         ///< those on the front of accuracy and bit operations (sequential),
                         ///< all measured ones (sequential_all)
  std::optional<std::size_t> evaluated;  ///< none: not measured, or no design runs it
};

/// What is known after a generation.
struct PairGeneration {
  int generation = 0;
  std::int64_t considered = 0;    ///< distinct plans so far
  std::int64_t evaluations = 0;   ///< of these measured
  std::int64_t pairs = 0;         ///< on the front
  double hypervolume = 0.0;       ///< share of the box of accuracy and costs
  double seconds = 0.0;           ///< so far, of all processes of the run
  double hardware_seconds = 0.0;  ///< of these spent on designs
  double cpu_seconds = 0.0;       ///< processor time of all threads so far
  /// Spearman's, of predicted and measured accuracies of what this generation chose by prediction.
  std::optional<double> rank_correlation = std::nullopt;
};

/// A uniform plan of finish.baselines on the design that it would have been shown on as a plan of
/// the search: of those within the limits the one of least geometric mean of costs. Where none is
/// within them, the one nearest to them (DesignGate::Verdict::nearest).
struct OwnDesign {
  std::size_t evaluated = 0;  ///< into CodesignResult::evaluated
  DesignPoint point;
  std::string design;
  HardwareCost hardware;
  bool is_within_limits = false;
};

/// What a search for hardware found beside the plans.
struct HardwareSearchSummary {
  std::string order, space;             ///< as in a study file
  std::vector<std::string> objectives;  ///< "latency", ... as DesignPoint::costs
  std::vector<std::string> size_names;  ///< as DesignPoint::sizes
  std::int64_t designs = 0;             ///< in the space
  std::string reference_design;
  DesignPoint reference;  ///< with the plan of `reference_widths`
  PrecisionPair reference_widths;
  std::vector<double> limits;     ///< costs that a design must not pass
  double least_accuracy = 0.0;    ///< top-1 below which plans do not count
  std::vector<DesignPair> pairs;  ///< by falling accuracy, then rising costs
  std::vector<StrategySummary> strategies;
  std::vector<PairGeneration> curve;
  /// For every plan of CodesignResult::evaluated the design that its costs there are of.
  std::vector<DesignPoint> chosen;
  std::vector<std::string> chosen_designs;
  std::vector<OwnDesign> own_designs;  ///< of finish.baselines, which `chosen` has on the reference
  std::vector<std::string> energy_components, level_names;  ///< of the space
  double clock_mhz = 0.0;
};

}  // namespace hwflow::study
