#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// energy, latency, dram
[[nodiscard]] std::vector<Objective> all_pareto_objectives();

struct ParetoOptions {
  /// Space, strategy (products) and limits: for all searches of a layer together. `objective` is
  /// not read.
  MapperOptions mapper;
  /// Two or three of energy, latency and dram.
  std::vector<Objective> objectives = all_pareto_objectives();
  /// 0: every point. Else so many points that each mapping costs at least 1 / (1 + step) of one of
  /// them in all objectives.
  double step = 0.0;
};

/// "pareto" (all three) or a list as "energy,latency".
/// Errors  unknown words, EDP (a product of two of them), one word twice, fewer than two.
[[nodiscard]] Expected<std::vector<Objective>> pareto_objectives_from_text(std::string_view text);
/// Is the word "pareto", or is there a comma?
[[nodiscard]] bool asks_for_pareto(std::string_view text);

/// What is wrong with options, whatever the layer. Places are the members' names.
[[nodiscard]] Diagnostics check(const ParetoOptions& options);

struct ParetoPoint {
  Mapping mapping;
  Cost cost;
};

/// Where mappings may be that no point of the set matches or beats; values in the order of
/// ParetoResult::objectives.
struct UnprovedRegion {
  std::vector<double> at_least;
  std::vector<std::optional<double>> below;  ///< none: no limit
};

/// The mappings of a layer that no other one beats.
struct ParetoResult {
  std::vector<Objective> objectives;  ///< those asked for, as energy, latency, dram
  std::vector<ParetoPoint> points;    ///< by the first objective, rising
  bool proved = false;                ///< no mapping is missing (beyond what `step` allows)
  std::vector<UnprovedRegion> unproved;
  /// Every mapping costs at least 1 / (1 + gap) of some point in all objectives. At most `step`
  /// when proved; none: nothing is known.
  std::optional<double> gap;
  std::int64_t searches = 0;  ///< for one point, or for none, below some caps
  std::int64_t evaluations = 0, nodes = 0;
  double seconds = 0.0;
};

/// The proved Pareto set of a layer (docs/mapper.md, "Pareto sets").
/// Errors  as map_layer; layers and machines that the strategy products does not know.
[[nodiscard]] Expected<ParetoResult> map_layer_pareto(const Layer& layer,
                                                      const Accelerator& accelerator,
                                                      const ParetoOptions& options,
                                                      std::stop_token stop = {});

}  // namespace hwflow::chip
