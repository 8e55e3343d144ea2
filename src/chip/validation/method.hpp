#pragma once

#include <map>
#include <string>

#include "chip/cost/cost.hpp"
#include "chip/validation/comparison.hpp"

/// What each method computes for one layer. Private to this room.
namespace hwflow::chip {

/// Quantities of a layer, by name, and the mapping they are of.
struct LayerOutcome {
  std::map<std::string, double> quantities;
  std::string choice;  ///< empty where no mapping is told
};

/// A chip set as a whole, because its totals are no sums alone.
struct ChipOutcome {
  std::vector<LayerOutcome> layers;
  std::map<std::string, double> totals;
};
/// Why a mapping of a set cannot run.
[[nodiscard]] Diagnostic describe(const Infeasible& infeasible, const Accelerator& machine);

[[nodiscard]] Expected<ChipOutcome> run_row_stationary(const ValidationSet& set,
                                                       const Accelerator& machine);

[[nodiscard]] Expected<LayerOutcome> run_given_mapping(const ValidationSet& set,
                                                       const ValidationLayer& keys,
                                                       const Accelerator& machine);
[[nodiscard]] Expected<LayerOutcome> run_least_traffic(const ValidationSet& set,
                                                       const ValidationLayer& keys,
                                                       const Accelerator& machine);
[[nodiscard]] Expected<LayerOutcome> run_best_mapping(const ValidationSet& set,
                                                      const ValidationLayer& keys,
                                                      const Accelerator& machine);

}  // namespace hwflow::chip
