#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "chip/cost/semantics.hpp"
#include "chip/mapper/mapper.hpp"
#include "tests/chip/cost/random_case.hpp"
#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::testing {

/// A layer and a machine as they are drawn: everything that shrinking can make smaller.
struct OraclePair {
  RandomCase drawn;  ///< without a mapping
  chip::Semantics counting = chip::Semantics::exact;
  chip::MapperOptions::Factors factors = chip::MapperOptions::Factors::perfect;

  /// None when the parts do not make a valid pair, or not one for the product search.
  [[nodiscard]] std::optional<SmallProblem> problem() const;
};

/// Convolutions (strides, padding, dilations, groups, depthwise), pooling, dense, matrix and
/// element-wise layers on one to three levels below DRAM: sibling buffers, bypass, meshes on one or
/// two levels, capacities and partitions that bite, bandwidths, leakage, registers; a third of the
/// machines in each counting, in Timeloop's some of those with few mappings with ceiling factors.
/// Between 20 and `most_mappings` mappings.
[[nodiscard]] OraclePair make_oracle_pair(Rng& rng, std::int64_t most_mappings);

/// Where the strategy "products" and the enumeration of every mapping (tests/support/
/// exhaustive_mapper, which shares evaluate() with the search and nothing else) differ, for the
/// least of each objective and, with perfect factors, for Pareto sets of two and three: one line
/// per difference.
struct Differences {
  std::string optimum;  ///< best value, lower bound or certificate of a whole search
  std::string cut;      ///< lower bound of a search cut short above the optimum
  std::string pareto;   ///< Pareto sets, and what is said of those that are thin or cut short
  [[nodiscard]] bool empty() const { return optimum.empty() && cut.empty() && pareto.empty(); }
  [[nodiscard]] bool is_wrong() const { return !optimum.empty() || !pareto.empty(); }
  [[nodiscard]] std::string text() const { return optimum + cut + pareto; }
};
/// No difference, too, where the pair is not comparable.
[[nodiscard]] Differences differences(const OraclePair& pair, std::int64_t most_mappings);

/// A smaller pair that still fails.
[[nodiscard]] OraclePair shrink(OraclePair failing,
                                const std::function<bool(const OraclePair&)>& fails);
/// A smaller pair that differs in the same way: of whole searches if the pair does.
[[nodiscard]] OraclePair shrink(const OraclePair& failing, std::int64_t most_mappings);

[[nodiscard]] std::string describe(const OraclePair& pair);

}  // namespace hwflow::testing
