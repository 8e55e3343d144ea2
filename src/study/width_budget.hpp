#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "pareto/archive.hpp"

namespace hwflow::study {

/// Index of the allowed width (ascending) that an action in 0..1 means.
///
/// HAQ's rule gives a bit width: round((max + 0.5 - (min - 0.5)) * action + min - 0.5), the same
/// share of 0..1 for every width between the least and the greatest. The allowed width nearest to
/// it is taken; the narrower one of two.
[[nodiscard]] int width_of_action(double action, std::span<const int> widths);

/// Which genes are lowered by one, in this order, when a plan is too dear: layer by layer from the
/// last to the first, the inputs' width before the weights', then from the last layer again,
/// until every gene is 0. Genes in pairs, weights first, as PlanSpace.
/// weights_only  inputs keep their widths
[[nodiscard]] std::vector<std::size_t> narrowing_order(const pareto::Genome& genome,
                                                       bool weights_only);

/// Whether a genome is within the budget; none: it could not be told, so the answer is none too.
using IsWithin = std::function<std::optional<bool>(const pareto::Genome&)>;

/// `genome` after so many steps of `order` that it is within the budget.
///
/// The last genome of the walk must be within. What is returned is within, and the one a step
/// before it is not. It is the first on the walk that is within wherever costs fall along the
/// walk; costs of hardware need not, since a producer stores a copy for every width that its
/// readers want. Found by halves: log2 of the walk's length genomes are priced, not all.
[[nodiscard]] std::optional<pareto::Genome> narrow_to_budget(const pareto::Genome& genome,
                                                             std::span<const std::size_t> order,
                                                             const IsWithin& is_within);

}  // namespace hwflow::study
