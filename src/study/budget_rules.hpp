#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "pareto/archive.hpp"

namespace hwflow::study {

/// Whether a genome is within the budget; none: it could not be told, so the answer is none too.
using IsWithin = std::function<std::optional<bool>(const pareto::Genome&)>;

/// AMC's rule, while a plan is being decided: the greatest value, at most the wanted one, with
/// which a gene leaves the budget within reach.
///
/// genome  what was decided before; the wanted value at `gene`; what is not decided yet at 0, the
///         cheapest that the budget can hope for.
/// Value 0 is taken when nothing greater is within. Found by halves, as if costs rose with values.
[[nodiscard]] std::optional<int> cap_to_budget(pareto::Genome genome, std::size_t gene,
                                               const IsWithin& is_within);

/// Which genes are lowered by one, in this order, when a plan is too dear: `genes` from the last to
/// the first, then from the last again, until every one of them is 0. With decisions in their
/// order this is HAQ's rule: layer by layer from the last, the inputs' width before the weights'.
[[nodiscard]] std::vector<std::size_t> narrowing_order(const pareto::Genome& genome,
                                                       std::span<const std::size_t> genes);

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
