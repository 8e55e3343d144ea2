#pragma once

#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Agents that choose the widths of one layer after another, a budget each (docs/search.md).
///
/// Generation 0 holds the uniform baselines. Then episodes: in generation g every agent makes its
/// g-th plan, narrowed to its budget; the plans are measured side by side; the agents learn. Ends
/// with search.evaluations (none: as many as NSGA-II would measure), with search.agent.episodes, or
/// with a stop. Depends on the study and the models and nothing else: the same for any number of
/// threads, and for a run that was killed and started again, whose episodes are played again with
/// accuracies from the store.
/// Errors  (of the ledger) budgets that the narrowest plan exceeds, each by its place in the study
///         file, with the least share that can be met.
void run_agent(SearchLedger& ledger, const SearchOptions& options);

}  // namespace hwflow::study
