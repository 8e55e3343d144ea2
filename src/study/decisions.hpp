#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "study/plan_space.hpp"
#include "workload/network.hpp"

namespace hwflow::study {

/// One gene of a plan, as something to be decided in its turn.
struct Decision {
  enum class Kind : std::uint8_t { weights, inputs, channels };
  Kind kind = Kind::weights;
  std::size_t layer = 0;  ///< into CompressionPlan::layers; of channels: the first that makes them
  std::size_t gene = 0;   ///< into the genomes of the space
  std::vector<int> values;      ///< bits or channels that the gene may mean here, ascending
  int least = 0, greatest = 0;  ///< that it might mean before the space was narrowed
  int full = 0;                 ///< the greatest width of all, or all channels of the group
};

/// Layer after layer: the widths of its weights and of its inputs, then the channels of the groups
/// that it is the first to make. Genes of one value are nobody's decision, but those that narrowing
/// left one value: decisions, and what actions mean, are the same at all levels of a search.
[[nodiscard]] std::vector<Decision> decisions_of(const PlanSpace& space, const Network& network);

/// Whether a cost may depend on decisions of that kind.
[[nodiscard]] bool may_change(Objective cost, Decision::Kind kind);

/// Index of the value that an action in 0..1 means.
///
/// Widths  HAQ's rule gives a bit width: round((max + 0.5 - (min - 0.5)) * action + min - 0.5), the
///         same share of 0..1 for every width between the least and the greatest.
/// Channels  AMC's rule: the share of the group's channels that stays.
/// The value nearest to it is taken; the lesser one of two.
[[nodiscard]] int gene_of_action(double action, const Decision& decision);

}  // namespace hwflow::study
