#pragma once

#include <memory>
#include <vector>

#include "study/search_ledger.hpp"
#include "train/agent/agent.hpp"

namespace hwflow::study {

/// One for each budget; what they learned goes on from level to level.
using Agents = std::vector<std::unique_ptr<train::Agent>>;

/// Agents that choose the widths and channels of one layer after another, a budget each
/// (docs/search.md).
///
/// Generation 0 holds the uniform baselines. Then episodes: in generation g every agent makes its
/// g-th plan, brought within its budget; the plans are measured side by side; the agents learn.
/// Ends with search.evaluations (none: as many as NSGA-II would measure), with
/// search.agent.episodes (or the generations of a level), or with a stop. At a later level agents
/// know what they learned before, and a budget that nothing within the level's space meets is the
/// cheapest of its plans. Depends on the study and the models and nothing else: the same for any
/// number of threads, and for a run that was killed and started again, whose episodes are played
/// again with accuracies from the store.
///
/// Errors  of the ledger: budgets that the narrowest plan of the first level exceeds, each by its
///         place in the study file, with the least share that can be met.
void run_agent(SearchLedger& ledger, const SearchOptions& options, Agents& agents);

}  // namespace hwflow::study
