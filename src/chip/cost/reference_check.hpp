#pragma once

#include <string>
#include <vector>

#include "chip/cost/semantics.hpp"
#include "chip/mapping/reference_cases.hpp"

namespace hwflow::chip {

/// One number in which our count of a mapping differs from a reference.
struct CountDifference {
  std::string level;   ///< "total" for cycles and energy
  std::string tensor;  ///< empty for cycles and energy
  std::string count;   ///< reads, fills, updates, tile_words, cycles, energy_pj
  double expected = 0.0;
  double got = 0.0;
};

/// Evaluates the case's mapping under `semantics` and compares every number that the case records:
/// counts and cycles exactly, energy to 1e-9 of its size.
/// Requires  the case has a mapping and a result.
/// Errors    a mapping that does not fit or is not defined under these rules.
[[nodiscard]] Expected<std::vector<CountDifference>> check_reference(const ReferenceCase& reference,
                                                                     Semantics semantics);

/// Bits of the words that reference files count in.
inline constexpr std::int64_t kReferenceWordBits = 16;

/// Evaluates the recorded mapping of an optimum under the counting that it names, and compares
/// energy, cycles and DRAM words.
/// Requires  the optimum has a mapping.
/// Errors    as above.
[[nodiscard]] Expected<std::vector<CountDifference>> check_optimum(const ReferenceCase& reference,
                                                                   const ReferenceOptimum& optimum);

/// The machine of a case, counted by `semantics`; reference files charge no read for an output that
/// leaves a buffer upwards.
[[nodiscard]] Accelerator reference_machine(const ReferenceCase& reference, Semantics semantics);

}  // namespace hwflow::chip
